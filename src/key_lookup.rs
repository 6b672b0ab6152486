//! From the SHA-256 of a secret to a key's id: KV at the edge, with the registry behind it.
//!
//! The mapping never changes while a key lives, so a stale answer does no harm: the key's own object has
//! the final say.

use durable_objects::{CallError, FindKey, log, now_millis};
use serde_json::json;
use worker::{Env, KvStore};

fn store(env: &Env) -> Option<KvStore> {
    env.kv("KEYS").inspect_err(|error| log::error("no KV namespace", json!({ "error": error.to_string() }))).ok()
}

fn name(key_sha256: &str) -> String {
    format!("key:{key_sha256}")
}

/// Whether KV has something under this name.
pub(crate) async fn is_noted(env: &Env, name: &str) -> bool {
    let Some(store) = store(env) else { return false };
    store.get(name).text().await.ok().flatten().is_some()
}

/// Puts a name into KV where nothing is to be said but that it is there.
pub(crate) async fn note(env: &Env, name: &str) {
    put(env, name, "1", None).await;
}

/// Takes a name out of KV.
pub(crate) async fn take_out(env: &Env, name: &str) {
    let Some(store) = store(env) else { return };
    if let Err(error) = store.delete(name).await {
        log::warn("a key could not be taken out of KV", json!({ "error": error.to_string() }));
    }
}

async fn put(env: &Env, name: &str, value: &str, expiration_seconds: Option<u64>) {
    let Some(store) = store(env) else { return };
    let Ok(mut put) = store.put(name, value) else { return };
    if let Some(seconds) = expiration_seconds {
        put = put.expiration_ttl(seconds);
    }
    if let Err(error) = put.execute().await {
        log::warn("a key could not be put into KV", json!({ "error": error.to_string() }));
    }
}

/// The id of the key whose secret has this SHA-256 (lower-case hexadecimal), if KV knows it. A secret that another one
/// took the place of is there with the time until which it is good.
pub(crate) async fn find_nearby(env: &Env, key_sha256: &str) -> Option<String> {
    let kept = store(env)?.get(&name(key_sha256)).text().await.ok().flatten()?;
    match kept.split_once(UNTIL) {
        None => Some(kept),
        Some((id, until)) => until.parse::<i64>().ok().filter(|until| *until > now_millis()).map(|_| id.to_owned()),
    }
}

/// Parts an id from a time: no id has it.
const UNTIL: char = '\u{1}';

/// The shortest time that KV keeps anything (Workers KV, expiring keys).
const SHORTEST_SECONDS: u64 = 60;

/// The same of the registry, where KV does not know. There is one registry: whoever asks has counted before.
pub(crate) async fn ask_registry(env: &Env, key_sha256: &str) -> Result<Option<String>, CallError> {
    let found = durable_objects::ask(env, &FindKey { key_sha256: key_sha256.to_owned() }).await?;
    if let Some(found) = &found {
        remember(env, key_sha256, &found.id, found.until_millis).await;
    }
    Ok(found.map(|found| found.id))
}

/// Puts a key where every city finds it, until a time if there is one. Failing costs a question to the registry, no
/// more.
pub(crate) async fn remember(env: &Env, key_sha256: &str, id: &str, until_millis: Option<i64>) {
    let kept = until_millis.map_or_else(|| id.to_owned(), |until| format!("{id}{UNTIL}{until}"));
    let seconds_left = |until: i64| u64::try_from((until - now_millis()) / 1_000).unwrap_or(0).max(SHORTEST_SECONDS);
    put(env, &name(key_sha256), &kept, until_millis.map(seconds_left)).await;
}

/// Takes a deleted key out. Failing costs its object a refusal, no more.
pub(crate) async fn forget(env: &Env, key_sha256: &str) {
    take_out(env, &name(key_sha256)).await;
}
