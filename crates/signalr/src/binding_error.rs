//! Why arguments, an item or a result do not fit the types they are wanted as.

/// Says why arguments, a stream item or a result do not fit the types they are wanted as. The connection stays open;
/// with detailed errors the text is what the client reads, so it is ASP.NET Core's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindingError {
    /// The call brings another number of arguments than the method takes.
    #[error("Invocation provides {provided} argument(s) but target expects {expected}.")]
    ArgumentCount {
        /// How many arguments came.
        provided: usize,
        /// How many the method takes.
        expected: usize,
    },
    /// A value is not of the wanted type.
    #[error(
        "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked."
    )]
    Type {
        /// What the deserializer said. It is for the server's log: no client reads it.
        detail: String,
    },
    /// MessagePack: the fifth element of a call is missing or is not an array.
    #[error("Reading array length for 'arguments' failed.")]
    NotAnArray,
    /// MessagePack: the fourth element of a stream item is missing or is not a value.
    #[error("Reading 'item' failed.")]
    NoItem,
}

impl BindingError {
    /// Returns the name of the .NET exception that a client reads before the text when errors are detailed.
    pub fn exception_name(&self) -> &'static str {
        "InvalidDataException"
    }
}
