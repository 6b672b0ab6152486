//! `SpendNotificationHub`: its events. Clients only listen: a connection is in its key's group from the start.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::budget_alert::BudgetAlert;
use crate::client_event::{ClientEvent, EventDeclaration, Told, client_event};
use crate::hub::{Hub, KEY_GROUP, KeyKind};
use crate::identifier::Identifier;
use crate::method::MethodDeclaration;
use crate::money::{Amount, Money};
use crate::percentage::Percentage;
use crate::time::Timestamp;

/// What a key spends, and what is left of its budget.
pub static SPEND_HUB: Hub = Hub {
    name: "SpendNotificationHub",
    route: "spend",
    aliases: &["spend-notifications"],
    key: KeyKind::Virtual,
    summary: "What a key spends, and alerts of its budget.",
    methods: METHODS,
    events: EVENTS,
    groups: &[KEY_GROUP],
};

/// What clients may invoke.
const METHODS: &[MethodDeclaration] = &[];

/// What clients are told.
const EVENTS: &[&EventDeclaration] = &[
    SpendUpdate::DECLARATION,
    BudgetAlert::DECLARATION,
    SpendSummary::DECLARATION,
    UnusualSpendingDetected::DECLARATION,
];

/// A key's spending went on: what one or more records added to what was told before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpendUpdate {
    /// The key.
    pub virtual_key_id: Identifier,
    /// What was added; 0 on connecting.
    pub delta: Money,
    /// What was told before: 0 where a period begins.
    pub previous_spend: Money,
    /// What is spent in this period: `previousSpend` and `delta`.
    pub current_spend: Money,
    /// What may be spent in it; absent without a budget, like the two below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Amount>,
    /// What is left of it, never below 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_remaining: Option<Money>,
    /// How much of it is spent, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_percentage: Option<Percentage>,
    /// How many records were added.
    pub requests: u64,
    /// The provider of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Identifier>,
    /// The model of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Identifier>,
}
client_event!(
    SpendUpdate, Durable, Object,
    conduit: "SpendUpdate" => conduit_update,
    example: r#"{"virtualKeyId":"456","delta":0.0125,"previousSpend":38.1875,"currentSpend":38.2,"budget":50,"budgetRemaining":11.8,"budgetPercentage":76.4,"requests":1,"provider":"openai","model":"gpt-4o"}"#,
);

/// What a summary is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SummaryPeriod {
    /// A day.
    Daily,
    /// A week, from Monday.
    Weekly,
    /// A month.
    Monthly,
}

/// What a key spent in a day, a week or a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpendSummary {
    /// What it is of.
    pub period: SummaryPeriod,
    /// When that began.
    pub from: Timestamp,
    /// When it was over: the midnight after its last day.
    pub to: Timestamp,
    /// What was spent.
    pub total_spend: Money,
    /// In how many requests.
    pub request_count: u64,
    /// What one of them cost on average.
    pub average_request_cost: Money,
    /// The providers that cost most, at most ten, the dearest first.
    pub top_providers: Vec<SpendShare>,
    /// The models that cost most, likewise.
    pub top_models: Vec<SpendShare>,
    /// How that was the period before; absent if nothing was spent in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<SpendComparison>,
}
client_event!(
    SpendSummary, Durable, Object,
    conduit: "SpendSummary" => conduit_summary,
    example: r#"{"period":"daily","from":"2026-11-20T00:00:00.000Z","to":"2026-11-21T00:00:00.000Z","totalSpend":12.5,"requestCount":250,"averageRequestCost":0.05,"topProviders":[{"name":"openai","spend":12.5,"percentage":100,"requestCount":250}],"topModels":[{"name":"gpt-4o","spend":10,"percentage":80,"requestCount":50}],"comparison":{"previousPeriodSpend":10,"changeAmount":2.5,"changePercentage":25,"trend":"up"}}"#,
);

/// A provider's or a model's part of what was spent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpendShare {
    /// Its name, or `unknown` for what was recorded without one.
    pub name: String,
    /// What it cost.
    pub spend: Money,
    /// How much of everything that is, in percent.
    pub percentage: Percentage,
    /// How many requests it had.
    pub request_count: u64,
}

/// How a period compares with the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpendComparison {
    /// What was spent then.
    pub previous_period_spend: Money,
    /// How much more it is now; less than 0 is less.
    pub change_amount: Money,
    /// The same in percent of what was spent then.
    pub change_percentage: Percentage,
    /// Where that leads.
    pub trend: SpendTrend,
}

/// Where spending leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SpendTrend {
    /// More than 5 % more.
    Up,
    /// More than 5 % less.
    Down,
    /// At most 5 % more or less.
    Stable,
}

/// How spending is unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpendActivity {
    /// Much more in the last hour than in the hour before.
    SpendSpike,
    /// Many dear requests in the last hour.
    SustainedHighSpending,
}

/// A key's spending is unlike what it was, or high for long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnusualSpendingDetected {
    /// How it is unusual.
    pub activity_type: SpendActivity,
    /// The same in words.
    pub description: String,
    /// What was spent in the last hour.
    pub current_rate: Money,
    /// What was spent in the hour before.
    pub normal_rate: Money,
    /// How much more that is, in percent; 0 where spending is only high.
    pub deviation_percentage: Percentage,
    /// What can be done about it.
    pub recommendations: Vec<String>,
}
client_event!(
    UnusualSpendingDetected, Durable, Object,
    conduit: "UnusualSpendingDetected" => conduit_unusual,
    guide: "UnusualSpending",
    example: r#"{"activityType":"spend_spike","description":"Spending of the last hour is 320% above the hour before.","currentRate":4.2,"normalRate":1,"deviationPercentage":320,"recommendations":["Look through the requests of the last hour"]}"#,
);

/// The original system's shape. It always had figures of a budget, 0 where there was none, and clients may rely on that
/// and on `metadata`; what the metadata told of is not known of a sum of requests.
fn conduit_update(told: &Told<'_>) -> Vec<Value> {
    let mut update = told.renamed(&[
        ("virtualKeyId", "virtualKeyId"),
        ("newSpend", "delta"),
        ("previousSpend", "previousSpend"),
        ("totalSpend", "currentSpend"),
        ("budget", "budget"),
        ("budgetPercentage", "budgetPercentage"),
        ("requests", "requests"),
        ("provider", "provider"),
        ("model", "model"),
    ]);
    let or_zero = |name: &str| told.data.get(name).cloned().unwrap_or_else(|| json!(0));
    update.insert("budgetRemaining".to_owned(), or_zero("budgetRemaining"));
    update.insert("budgetUtilization".to_owned(), or_zero("budgetPercentage"));
    let metadata =
        json!({ "requestId": null, "endpoint": null, "inputTokens": null, "outputTokens": null, "durationMs": null });
    update.insert("metadata".to_owned(), metadata);
    vec![Value::Object(update)]
}

/// The original system's shape, and with it from when until when it is.
fn conduit_summary(told: &Told<'_>) -> Vec<Value> {
    let mut summary = told.renamed(&[
        ("period", "period"),
        ("periodType", "period"),
        ("from", "from"),
        ("to", "to"),
        ("totalSpend", "totalSpend"),
        ("requestCount", "requestCount"),
        ("averageRequestCost", "averageRequestCost"),
        ("comparison", "comparison"),
    ]);
    summary.insert("topProviders".to_owned(), conduit_shares(told, "topProviders", &[("providerType", "name")]));
    let of_model = [("model", "name"), ("providerType", "providerType")];
    summary.insert("topModels".to_owned(), conduit_shares(told, "topModels", &of_model));
    vec![Value::Object(summary)]
}

fn conduit_shares(told: &Told<'_>, list: &str, names: &[(&str, &str)]) -> Value {
    let same = ["spend", "percentage", "requestCount"].map(|name| (name, name));
    let names = [names, &same].concat();
    let shares = told.data.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    shares.map(|data| Value::Object(Told { data, meta: told.meta }.renamed(&names))).collect()
}

fn conduit_unusual(told: &Told<'_>) -> Vec<Value> {
    vec![Value::Object(told.renamed(&[
        ("activityType", "activityType"),
        ("description", "description"),
        ("currentRate", "currentRate"),
        ("normalRate", "normalRate"),
        ("deviationPercentage", "deviationPercentage"),
        ("providerType", "providerType"),
        ("model", "model"),
        ("recommendations", "recommendations"),
    ]))]
}

#[cfg(test)]
#[path = "spend_hub_tests.rs"]
mod tests;
