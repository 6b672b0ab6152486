//! Who may, as the `OpenAPI` document says it.

use contract::routes::Opener;
use serde_json::{Value, json};

/// The ways to show who one is.
pub(crate) fn schemes() -> Value {
    let bearer = |what: &str| json!({ "type": "http", "scheme": "bearer", "description": what });
    let api_key = |place: &str, name: &str, what: &str| json!({ "type": "apiKey", "in": place, "name": name, "description": what });
    let (virtual_key, service_token, master_key) =
        ("A virtual key, or a client token of it.", "A service token.", "The master key.");
    json!({
        "virtualKey": bearer(virtual_key),
        "virtualKeyInHeader": api_key("header", "X-API-Key", virtual_key),
        "virtualKeyInQuery": api_key("query", "access_token", virtual_key),
        "serviceToken": bearer(service_token),
        "serviceTokenInHeader": api_key("header", "X-API-Key", service_token),
        "masterKey": bearer(master_key),
        "masterKeyInHeader": api_key("header", "X-Master-Key", master_key),
        "masterKeyInQuery": api_key("query", "access_token", master_key),
    })
}

/// Which of them open a route: any one does.
pub(crate) fn requirement(opener: Opener) -> Value {
    let names: &[&str] = match opener {
        Opener::Anybody => &[],
        Opener::Owner | Opener::Key => &["virtualKey", "virtualKeyInHeader"],
        Opener::KeyHolder => &["virtualKey", "virtualKeyInHeader", "masterKey", "masterKeyInHeader"],
        Opener::Operator => &["masterKey", "masterKeyInHeader"],
        Opener::Sender => &["serviceToken", "serviceTokenInHeader", "masterKey", "masterKeyInHeader"],
        Opener::Hub => &[
            "virtualKey",
            "virtualKeyInHeader",
            "virtualKeyInQuery",
            "masterKey",
            "masterKeyInHeader",
            "masterKeyInQuery",
        ],
    };
    names.iter().map(|name| json!({ *name: [] })).collect()
}
