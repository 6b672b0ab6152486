//! What clients may invoke: each method is declared once, for its hub and for the descriptions.

/// A method of a hub.
pub struct MethodDeclaration {
    /// Its name, compared without regard to case.
    pub name: &'static str,
    /// What it does, for the descriptions.
    pub summary: &'static str,
    /// Its parameters, in order.
    pub parameters: &'static [Parameter],
    /// What it answers; none for nothing (null).
    pub answer: Option<Answer>,
    /// The texts it refuses with (`HubException`), `{x}` standing for what was given.
    pub refusals: &'static [&'static str],
    /// Whether it answers with a stream of such answers.
    pub streams: bool,
}

/// A parameter of a method.
pub struct Parameter {
    /// Its name, for the descriptions.
    pub name: &'static str,
    /// Whether it may be left out.
    pub is_optional: bool,
    /// One, as JSON.
    pub example: &'static str,
    /// Its JSON Schema.
    #[cfg(feature = "schema")]
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

/// What a method answers.
pub struct Answer {
    /// One, as JSON.
    pub example: &'static str,
    /// Its JSON Schema.
    #[cfg(feature = "schema")]
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl std::fmt::Debug for MethodDeclaration {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl PartialEq for MethodDeclaration {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MethodDeclaration {}

/// Declares a parameter: `parameter!("taskId": Identifier, "\"task-1\"")`, or with `optional` before it.
macro_rules! parameter {
    (optional $name:literal: $type:ty, $example:expr) => {
        $crate::method::parameter!(@ $name, true, $type, $example)
    };
    ($name:literal: $type:ty, $example:expr) => {
        $crate::method::parameter!(@ $name, false, $type, $example)
    };
    (@ $name:literal, $optional:literal, $type:ty, $example:expr) => {{
        // Named with and without the schema, so that its import is used.
        type _Type = $type;
        $crate::method::Parameter {
            name: $name,
            is_optional: $optional,
            example: $example,
            #[cfg(feature = "schema")]
            schema: |generator| generator.subschema_for::<_Type>(),
        }
    }};
}

/// Declares an answer: `answer!(WebhookStatistics, r#"{…}"#)`.
macro_rules! answer {
    ($type:ty, $example:expr) => {{
        type _Type = $type;
        $crate::method::Answer {
            example: $example,
            #[cfg(feature = "schema")]
            schema: |generator| generator.subschema_for::<_Type>(),
        }
    }};
}

pub(crate) use {answer, parameter};
