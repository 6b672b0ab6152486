//! What `/health` answers.

use serde::Serialize;

/// Whether all is well, and each check of it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Whether all is.
    pub status: Wellbeing,
    /// What was looked at; nothing where only an answer was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<HealthCheck>,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub status: Wellbeing,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Wellbeing {
    /// It does what it should.
    Healthy,
    /// It does not.
    Unhealthy,
}

impl Wellbeing {
    /// How something is that is well, or is not.
    pub fn of(is_well: bool) -> Self {
        if is_well { Self::Healthy } else { Self::Unhealthy }
    }
}
