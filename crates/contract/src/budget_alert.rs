//! The events that tell of a budget's use: to the key's own clients, and to the operator.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client_event::{Told, client_event};
use crate::identifier::Identifier;
use crate::money::{Amount, Money};
use crate::percentage::Percentage;
use crate::time::Timestamp;

/// From which threshold on, in percent, the operator is told too.
pub const HIGH_SPEND_PERCENT: u16 = 90;
/// The threshold, in percent, at which nothing is left.
pub(crate) const EXCEEDED_PERCENT: u16 = 100;

/// How grave an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BudgetSeverity {
    /// Good to know.
    Info,
    /// To be looked after.
    Warning,
    /// To be acted upon.
    Critical,
}

/// A key's spending reached a threshold of its budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BudgetAlert {
    /// The key.
    pub virtual_key_id: Identifier,
    /// `budget_{threshold}_percent`, or `budget_exceeded` from 100 on.
    pub alert_type: String,
    /// The threshold, in percent.
    pub threshold: u16,
    /// How much of the budget is spent, in percent.
    pub percentage_used: Percentage,
    /// What is spent in this period.
    pub current_spend: Money,
    /// What may be spent in it.
    pub budget_limit: Amount,
    /// How grave that is.
    pub severity: BudgetSeverity,
    /// The same in words.
    pub message: String,
    /// What can be done about it.
    pub recommendations: Vec<String>,
    /// When the budget begins anew; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_end: Option<Timestamp>,
}
client_event!(
    BudgetAlert, Durable, Object,
    conduit: "BudgetAlert" => |told: &Told<'_>| vec![Value::Object(conduit_alert(told))],
    example: r#"{"virtualKeyId":"456","alertType":"budget_75_percent","threshold":75,"percentageUsed":76.4,"currentSpend":38.2,"budgetLimit":50,"severity":"warning","message":"75% of the budget is spent; 11.8 of 50 remain.","recommendations":["Look for waste in the latest requests"],"periodEnd":"2026-12-01T00:00:00.000Z"}"#,
);

/// A key's spending reached 90 % of its budget or more.
///
/// It is a [`BudgetAlert`] as the operator is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct HighSpendAlert(pub BudgetAlert);
client_event!(
    HighSpendAlert, Durable, Object,
    conduit: "HighSpendAlert" => conduit_high_spend,
    example: r#"{"virtualKeyId":"456","alertType":"budget_90_percent","threshold":90,"percentageUsed":91.08,"currentSpend":45.54,"budgetLimit":50,"severity":"critical","message":"90% of the budget is spent; only 4.46 of 50 remain.","recommendations":["Put off requests that can wait"],"periodEnd":"2026-12-01T00:00:00.000Z"}"#,
);

impl BudgetAlert {
    /// What the operator is told of it: nothing below [`HIGH_SPEND_PERCENT`].
    pub fn high_spend(&self) -> Option<HighSpendAlert> {
        (self.threshold >= HIGH_SPEND_PERCENT).then(|| HighSpendAlert(self.clone()))
    }
}

/// The original system's shape, and with it the key and the threshold, which that lacked.
fn conduit_alert(told: &Told<'_>) -> Map<String, Value> {
    told.renamed(&[
        ("virtualKeyId", "virtualKeyId"),
        ("alertType", "alertType"),
        ("threshold", "threshold"),
        ("message", "message"),
        ("currentSpend", "currentSpend"),
        ("budgetLimit", "budgetLimit"),
        ("percentageUsed", "percentageUsed"),
        ("severity", "severity"),
        ("recommendations", "recommendations"),
        ("budgetPeriodEnd", "periodEnd"),
    ])
}

/// The original system told its operator in other words than the key's owner.
fn conduit_high_spend(told: &Told<'_>) -> Vec<Value> {
    let percentage = told.data.get("percentageUsed").and_then(Value::as_f64).unwrap_or_default();
    let is_exceeded = percentage >= f64::from(EXCEEDED_PERCENT);
    let key = told.data.get("virtualKeyId").and_then(Value::as_str).unwrap_or_default();
    let mut alert = conduit_alert(told);
    alert.insert("alertType".to_owned(), json!(if is_exceeded { "BudgetExceeded" } else { "HighSpend" }));
    alert.insert("severity".to_owned(), json!(if is_exceeded { "critical" } else { "warning" }));
    alert.insert("message".to_owned(), json!(format!("The budget of virtual key {key} is spent to {percentage:.1}%")));
    vec![Value::Object(alert)]
}
