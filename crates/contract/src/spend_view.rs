//! What a key has spent, as its owner reads it: `GET /v1/spend`.

use serde::{Deserialize, Serialize};

use crate::{
    money::{Amount, Money},
    percentage::Percentage,
    spend_hub::SpendShare,
    time::Timestamp,
};

/// The spending of a key in its current period. The lists are of the period's days that are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SpendView {
    /// What was spent.
    pub current_spend: Money,
    /// What may be spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Amount>,
    /// How much of that is spent, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_percentage: Option<Percentage>,
    /// When the period began; where there is none, when the key was made.
    pub period_start: Timestamp,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_end: Option<Timestamp>,
    /// In how many requests it was spent.
    pub requests: u64,
    /// With which models, the dearest first.
    pub top_models: Vec<SpendShare>,
    /// With which providers, the dearest first.
    pub top_providers: Vec<SpendShare>,
}
