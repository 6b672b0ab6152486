//! From the SHA-256 of a secret to a key's id: KV at the edge, with the registry behind it.
//!
//! The mapping never changes while a key lives, so a stale answer does no harm: the key's own object has
//! the final say.

use durable_objects::{CallError, FindKey, log};
use serde_json::json;
use worker::{Env, KvStore};

fn store(env: &Env) -> Option<KvStore> {
    env.kv("KEYS").inspect_err(|error| log::error("no KV namespace", json!({ "error": error.to_string() }))).ok()
}

fn name(key_sha256: &str) -> String {
    format!("key:{key_sha256}")
}

/// The id of the key whose secret has this SHA-256 (lower-case hexadecimal), if KV knows it.
pub(crate) async fn find_nearby(env: &Env, key_sha256: &str) -> Option<String> {
    store(env)?.get(&name(key_sha256)).text().await.ok().flatten()
}

/// The same of the registry, where KV does not know. There is one registry: whoever asks has counted before.
pub(crate) async fn ask_registry(env: &Env, key_sha256: &str) -> Result<Option<String>, CallError> {
    let found = durable_objects::ask(env, &FindKey { key_sha256: key_sha256.to_owned() }).await?;
    if let Some(id) = &found {
        remember(env, key_sha256, id).await;
    }
    Ok(found)
}

/// Puts a key where every city finds it. Failing costs a question to the registry, no more.
pub(crate) async fn remember(env: &Env, key_sha256: &str, id: &str) {
    let Some(store) = store(env) else { return };
    let Ok(put) = store.put(&name(key_sha256), id) else { return };
    if let Err(error) = put.execute().await {
        log::warn("a key could not be put into KV", json!({ "error": error.to_string() }));
    }
}

/// Takes a deleted key out. Failing costs its object a refusal, no more.
pub(crate) async fn forget(env: &Env, key_sha256: &str) {
    let Some(store) = store(env) else { return };
    if let Err(error) = store.delete(&name(key_sha256)).await {
        log::warn("a key could not be taken out of KV", json!({ "error": error.to_string() }));
    }
}
