//! Closing all connections of a hub: each online key is asked to close its own.

use contract::Hub;
use durable_objects::{ApplyOperation, ListOnline, REQUESTS_AT_ONCE, SHARDS};
use futures::{StreamExt, TryStreamExt, stream};
use signalr_durable::{
    azure::{Action, Operation, Outcome, Target},
    edge::azure::RestError,
};

use super::unavailable;
use crate::door::Visit;

/// Keys asked at the most: an invocation may ask a thousand objects (Workers limits), the directory's shards among them.
const MOST_KEYS: u32 = 900;

pub(super) async fn close(
    visit: &Visit,
    hub: &Hub,
    reason: Option<&str>,
    excluded: &[String],
) -> Result<Outcome, RestError> {
    let env = &visit.env;
    // Which hubs its connections are of, a key tells later: each is asked.
    let shards = stream::iter(0..SHARDS).map(|shard| async move {
        durable_objects::ask(env, &ListOnline { shard, after: None, limit: MOST_KEYS + 1, with_arriving: true }).await
    });
    let online: Vec<_> = shards.buffer_unordered(REQUESTS_AT_ONCE).try_collect().await.map_err(unavailable)?;
    let keys: Vec<String> = online.into_iter().flatten().map(|key| key.virtual_key_id).collect();
    if keys.len() > MOST_KEYS as usize {
        let message = format!("more than {MOST_KEYS} virtual keys are online: close the connections of each user");
        return Err(RestError::invalid("hub", message));
    }
    let calls = stream::iter(keys).map(|virtual_key_id| {
        let action = Action::Close { of: Target::All, reason: reason.map(str::to_owned), excluded: excluded.to_vec() };
        let call = ApplyOperation { virtual_key_id, operation: Operation { hub: hub.name.to_owned(), action } };
        async move { durable_objects::ask(env, &call).await }
    });
    let _all_done: Vec<Outcome> = calls.buffer_unordered(REQUESTS_AT_ONCE).try_collect().await.map_err(unavailable)?;
    Ok(Outcome::Done)
}
