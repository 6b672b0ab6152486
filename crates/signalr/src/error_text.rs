//! What a completion says when a call or a stream failed: ASP.NET Core's words, which applications compare.

use std::borrow::Cow;
use std::fmt::Display;

use crate::BindingError;

/// What went wrong, and whether the client may know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure<'a> {
    /// A failure meant for the client, which reads the message in any case: .NET's `HubException`.
    Hub(&'a str),
    /// Any other failure, which the client reads of only when errors are detailed.
    Internal {
        /// What .NET would call the exception, such as `InvalidOperationException`.
        name: &'a str,
        /// What the exception says.
        message: &'a str,
    },
}

impl Failure<'_> {
    /// Returns `text`, followed by the name and message of the failure if the client may read them.
    pub(crate) fn explain<'t>(self, text: impl Into<Cow<'t, str>>, detailed_errors: bool) -> String {
        let text = text.into();
        match self {
            Self::Hub(message) => format!("{text} HubException: {message}"),
            Self::Internal { name, message } if detailed_errors => {
                format!("{text} {name}: {message}")
            }
            Self::Internal { .. } => text.into_owned(),
        }
    }
}

/// Says that a hub has no method called `target`.
pub fn unknown_method(target: &str) -> String {
    Failure::Hub("Method does not exist.").explain(failed_to_invoke(target), false)
}

/// Says that the arguments of a call do not fit the method's parameters.
pub fn binding_failed(target: &str, error: &BindingError, detailed_errors: bool) -> String {
    binding_failure(failed_to_invoke(target), error, detailed_errors)
}

/// Says that a method failed.
pub fn invocation_failed(target: &str, failure: Failure<'_>, detailed_errors: bool) -> String {
    failure.explain(unexpected_error(target), detailed_errors)
}

/// Says that the user may not call a method.
pub fn unauthorized(target: &str) -> String {
    format!("Failed to invoke '{target}' because user is unauthorized")
}

/// Says that a method which answers with a stream was called for a single result.
pub fn streaming_method_invoked(target: &str) -> String {
    format!("The client attempted to invoke the streaming '{target}' method with a non-streaming invocation.")
}

/// Says that a method which returns a single result was called for a stream.
pub fn plain_method_streamed(target: &str) -> String {
    format!("The client attempted to invoke the non-streaming '{target}' method with a streaming invocation.")
}

/// Says that a call announces another number of uploads than the method takes.
pub fn stream_count_mismatch(target: &str, sent: usize, expected: usize) -> String {
    let message = format!("Client sent {sent} stream(s), Hub method expects {expected}.");
    Failure::Hub(&message).explain(unexpected_error(target), false)
}

/// Says that a stream invocation has the id of one that is still running.
pub fn invocation_id_in_use(invocation_id: &str) -> String {
    format!("Invocation ID '{invocation_id}' is already in use.")
}

/// Says that a streaming method returned nothing to stream.
pub fn not_a_stream(target: &str) -> String {
    format!("The value returned by the streaming method '{target}' is not a ChannelReader<> or IAsyncEnumerable<>.")
}

/// Says that a stream failed after its method had returned it.
pub fn stream_failed(failure: Failure<'_>, detailed_errors: bool) -> String {
    failure.explain("An error occurred on the server while streaming results.", detailed_errors)
}

/// Says that an item of an upload is not of the type the method reads. The method, not the client, gets this text.
pub fn stream_item_not_bound(error: &BindingError, detailed_errors: bool) -> String {
    binding_failure("Failed to bind Stream message.", error, detailed_errors)
}

/// Says that a client answered a call with a value of another type. The method that called the client gets this text.
///
/// `type_name` is the type as .NET calls it, such as `Int32`; `detail` says what is wrong with the value.
pub fn client_result_not_bound(type_name: &str, detail: &dyn Display) -> String {
    format!("Error trying to deserialize result to {type_name}. {detail}")
}

/// Says that a client to be called is not connected. The method that called the client gets this text.
pub fn connection_does_not_exist(connection_id: &str) -> String {
    format!("Connection '{connection_id}' does not exist.")
}

/// Says that a client went away before it answered a call. The method that called the client gets this text.
pub fn connection_disconnected(connection_id: &str) -> String {
    format!("Connection '{connection_id}' disconnected.")
}

/// Says that the server gave up waiting for a client's answer. The method that called the client gets this text.
pub const CLIENT_RESULT_CANCELED: &str = "Invocation canceled by the server.";

/// Says that a client cannot be asked for a result while its connect handler runs, since it cannot answer yet.
pub const CLIENT_RESULT_WHILE_CONNECTING: &str = "Client results inside OnConnectedAsync Hub methods are not allowed.";

fn failed_to_invoke(target: &str) -> String {
    format!("Failed to invoke '{target}' due to an error on the server.")
}

fn unexpected_error(target: &str) -> String {
    format!("An unexpected error occurred invoking '{target}' on the server.")
}

fn binding_failure<'t>(text: impl Into<Cow<'t, str>>, error: &BindingError, detailed_errors: bool) -> String {
    Failure::Internal { name: error.exception_name(), message: &error.to_string() }.explain(text, detailed_errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERNAL: Failure<'_> = Failure::Internal { name: "InvalidOperationException", message: "BOOM!" };

    #[test]
    fn an_internal_failure_is_hidden_unless_errors_are_detailed() {
        let hidden = "An unexpected error occurred invoking 'Throw' on the server.";
        assert_eq!(invocation_failed("Throw", INTERNAL, false), hidden);
        let detailed = format!("{hidden} InvalidOperationException: BOOM!");
        assert_eq!(invocation_failed("Throw", INTERNAL, true), detailed);
        assert_eq!(stream_failed(INTERNAL, false), "An error occurred on the server while streaming results.");
    }

    #[test]
    fn a_failure_meant_for_the_client_is_always_shown() {
        let text = "An unexpected error occurred invoking 'ThrowHub' on the server. HubException: custom text";
        assert_eq!(invocation_failed("ThrowHub", Failure::Hub("custom text"), false), text);
    }

    #[test]
    fn an_unknown_method_is_named_as_it_was_called() {
        let text = "Failed to invoke '!@#$%' due to an error on the server. HubException: Method does not exist.";
        assert_eq!(unknown_method("!@#$%"), text);
    }

    #[test]
    fn why_arguments_do_not_bind_is_a_detail() {
        let error = BindingError::ArgumentCount { provided: 2, expected: 1 };
        let hidden = "Failed to invoke 'Echo' due to an error on the server.";
        assert_eq!(binding_failed("Echo", &error, false), hidden);
        let detailed =
            format!("{hidden} InvalidDataException: Invocation provides 2 argument(s) but target expects 1.");
        assert_eq!(binding_failed("Echo", &error, true), detailed);
        assert_eq!(stream_item_not_bound(&error, false), "Failed to bind Stream message.");
    }

    #[test]
    fn the_remaining_texts_are_those_of_asp_net_core() {
        assert_eq!(unauthorized("M"), "Failed to invoke 'M' because user is unauthorized");
        assert_eq!(
            streaming_method_invoked("M"),
            "The client attempted to invoke the streaming 'M' method with a non-streaming invocation."
        );
        assert_eq!(
            plain_method_streamed("M"),
            "The client attempted to invoke the non-streaming 'M' method with a streaming invocation."
        );
        assert_eq!(
            stream_count_mismatch("M", 0, 1),
            "An unexpected error occurred invoking 'M' on the server. HubException: Client sent 0 stream(s), Hub method expects 1."
        );
        assert_eq!(invocation_id_in_use("123"), "Invocation ID '123' is already in use.");
        assert_eq!(
            not_a_stream("M"),
            "The value returned by the streaming method 'M' is not a ChannelReader<> or IAsyncEnumerable<>."
        );
        assert_eq!(client_result_not_bound("Int32", &"x"), "Error trying to deserialize result to Int32. x");
        assert_eq!(connection_does_not_exist("c"), "Connection 'c' does not exist.");
        assert_eq!(connection_disconnected("c"), "Connection 'c' disconnected.");
    }
}
