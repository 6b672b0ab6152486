//! Asks a provider that says only later what it bills, for the key's object, which keeps when to ask and holds no
//! provider's key.

use contract::key_secret_name;
use durable_objects::{FinishInquiry, Inquire, log};
use realtime::{provider::UsageAnswer, transport::Secret};
use serde_json::json;
use worker::Env;

use super::{providers, upstream};
use crate::configuration;

/// Asks once, and tells the key's object what came of it; while the provider does not know, the object has it asked again.
pub(crate) async fn inquire(env: &Env, inquire: Inquire) {
    let Inquire { virtual_key_id, connection_id, provider, url } = inquire;
    let Ok(configuration) = configuration::of(env) else { return };
    // A provider that the configuration does not name any more cannot be asked.
    let Some(settings) = configuration.realtime_providers.named(&provider) else { return };
    let Ok(key) = env.secret(&key_secret_name(&provider)) else { return };
    let additions = providers::additions(settings);
    let asked = providers::provider(settings, "", Secret::new(key.to_string()));
    let answer = upstream::send(asked.usage_inquiry_at(&url), &additions).await;
    let billed_millis = match asked.usage_answer(&answer) {
        UsageAnswer::Duration { millis } => Some(millis),
        UsageAnswer::Nothing => None,
        UsageAnswer::NotYet => return,
    };
    let finish = FinishInquiry { virtual_key_id, connection_id, billed_millis };
    if let Err(error) = durable_objects::ask(env, &finish).await {
        let line = json!({ "connectionId": finish.connection_id, "error": error.to_string() });
        log::warn("what a provider bills could not be kept: it is asked again", line);
    }
}
