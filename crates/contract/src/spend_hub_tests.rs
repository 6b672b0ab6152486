use super::*;
use crate::budget_alert::HighSpendAlert;
use crate::event_meta::EventMeta;
use crate::hub::SPEND_HUB;
use crate::notification::{Dialect, Notification};

/// An event's example in a dialect: the client method and its arguments.
fn told<E: ClientEvent + Deserialize<'static> + std::fmt::Debug + PartialEq>(
    dialect: Dialect,
) -> (&'static str, Value) {
    let example = E::DECLARATION.example;
    let event: E = serde_json::from_str(example).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), example, "what is read is written again");
    let meta = EventMeta { timestamp_millis: 0, event_id: "e".to_owned(), correlation_id: Some("c".to_owned()) };
    let notification = Notification::new(&SPEND_HUB, Vec::new(), &event, meta).unwrap();
    assert!(notification.is_durable());
    let arguments = notification.arguments(dialect, true).unwrap();
    (notification.target(dialect), serde_json::from_str(arguments.json().get()).unwrap())
}

/// The example with the metadata that every object gets, as one argument.
fn with_meta(mut example: Value) -> Value {
    let members = example.as_object_mut().unwrap();
    members.insert("timestamp".to_owned(), json!("1970-01-01T00:00:00.000Z"));
    members.insert("eventId".to_owned(), json!("e"));
    members.insert("correlationId".to_owned(), json!("c"));
    json!([example])
}

fn own<E: ClientEvent + Deserialize<'static> + std::fmt::Debug + PartialEq>(name: &str, guide: &str) {
    let expected = with_meta(serde_json::from_str(E::DECLARATION.example).unwrap());
    assert_eq!(told::<E>(Dialect::Contract), (E::DECLARATION.name, expected.clone()));
    assert_eq!(told::<E>(Dialect::Guide), (E::DECLARATION.guide.unwrap_or(name), expected));
    assert_eq!((E::DECLARATION.name, told::<E>(Dialect::Guide).0), (name, guide));
}

#[test]
fn every_event_is_told_as_its_example_says() {
    own::<SpendUpdate>("SpendUpdate", "SpendUpdate");
    own::<BudgetAlert>("BudgetAlert", "BudgetAlert");
    own::<HighSpendAlert>("HighSpendAlert", "HighSpendAlert");
    own::<SpendSummary>("SpendSummary", "SpendSummary");
    own::<UnusualSpendingDetected>("UnusualSpendingDetected", "UnusualSpending");
}

fn conduit<E: ClientEvent + Deserialize<'static> + std::fmt::Debug + PartialEq>(expected: Value) {
    assert_eq!(told::<E>(Dialect::Conduit), (E::DECLARATION.name, with_meta(expected)));
}

#[test]
fn the_original_systems_clients_are_told_in_its_shapes() {
    conduit::<SpendUpdate>(json!({
        "virtualKeyId": "456", "newSpend": 0.0125, "previousSpend": 38.1875, "totalSpend": 38.2, "budget": 50,
        "budgetRemaining": 11.8, "budgetPercentage": 76.4, "budgetUtilization": 76.4, "requests": 1,
        "provider": "openai", "model": "gpt-4o",
        "metadata": {
            "requestId": null, "endpoint": null, "inputTokens": null, "outputTokens": null, "durationMs": null
        },
    }));
    conduit::<BudgetAlert>(json!({
        "virtualKeyId": "456", "alertType": "budget_75_percent", "threshold": 75, "percentageUsed": 76.4,
        "currentSpend": 38.2, "budgetLimit": 50, "severity": "warning",
        "message": "75% of the budget is spent; 11.8 of 50 remain.",
        "recommendations": ["Look for waste in the latest requests"], "budgetPeriodEnd": "2026-12-01T00:00:00.000Z",
    }));
    conduit::<HighSpendAlert>(json!({
        "virtualKeyId": "456", "alertType": "HighSpend", "threshold": 90, "percentageUsed": 91.08,
        "currentSpend": 45.54, "budgetLimit": 50, "severity": "warning",
        "message": "The budget of virtual key 456 is spent to 91.1%",
        "recommendations": ["Put off requests that can wait"], "budgetPeriodEnd": "2026-12-01T00:00:00.000Z",
    }));
    conduit::<SpendSummary>(json!({
        "period": "daily", "periodType": "daily", "from": "2026-11-20T00:00:00.000Z", "to": "2026-11-21T00:00:00.000Z",
        "totalSpend": 12.5, "requestCount": 250, "averageRequestCost": 0.05,
        "topProviders": [{ "providerType": "openai", "spend": 12.5, "percentage": 100, "requestCount": 250 }],
        "topModels": [
            { "model": "gpt-4o", "providerType": null, "spend": 10, "percentage": 80, "requestCount": 50 }
        ],
        "comparison": { "previousPeriodSpend": 10, "changeAmount": 2.5, "changePercentage": 25, "trend": "up" },
    }));
    conduit::<UnusualSpendingDetected>(json!({
        "activityType": "spend_spike", "description": "Spending of the last hour is 320% above the hour before.",
        "currentRate": 4.2, "normalRate": 1, "deviationPercentage": 320, "providerType": null, "model": null,
        "recommendations": ["Look through the requests of the last hour"],
    }));
}

#[test]
fn the_original_system_had_figures_of_a_budget_without_one() {
    let data = json!({ "delta": 1 });
    let meta = EventMeta { timestamp_millis: 0, event_id: "e".to_owned(), correlation_id: None };
    let arguments = conduit_update(&Told { data: data.as_object().unwrap(), meta: &meta });
    let [update] = arguments.as_slice() else { panic!("one argument") };
    assert_eq!((&update["budget"], &update["budgetPercentage"]), (&Value::Null, &Value::Null));
    assert_eq!((&update["budgetRemaining"], &update["budgetUtilization"]), (&json!(0), &json!(0)));
}

#[test]
fn the_hub_knows_its_events_by_name() {
    for name in ["SpendUpdate", "BudgetAlert", "SpendSummary", "UnusualSpendingDetected"] {
        assert!(SPEND_HUB.event(name).is_some(), "{name}");
    }
    assert!(SPEND_HUB.event("HighSpendAlert").is_none(), "that is the operator's");
}
