//! Asking the object.

use wasm_bindgen::JsValue;
use worker::{Headers, Method, Request, RequestInit, Response, Result, Stub};

use crate::call::{Action, ConnectionCall, HEADER};

/// Asks the object that holds a connection, or will hold it.
pub(crate) async fn forward(object: &Stub, call: &ConnectionCall, body: Option<Vec<u8>>) -> Result<Response> {
    let headers = Headers::new();
    headers.set(HEADER, &ascii(&serde_json::to_string(call)?))?;
    if let Action::WebSocket | Action::Events | Action::Poll = call.action {
        headers.set("upgrade", "websocket")?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers);
    if let Some(body) = body {
        init.with_method(Method::Post).with_body(Some(JsValue::from(js_sys::Uint8Array::from(body.as_slice()))));
    }
    // The host is never resolved: a stub takes any URL.
    let request = Request::new_with_init(&format!("https://object{}", super::CONNECTIONS_PATH), &init)?;
    object.fetch_with_request(request).await
}

/// JSON that a header can carry.
pub(crate) fn ascii(json: &str) -> String {
    use std::fmt::Write as _;

    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                // Writing into a string cannot fail.
                let _always_ok = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn json_for_a_header_says_the_same_in_ascii() {
        let text = "{\"user\":\"Зоя 🦊 \\n\"}";
        let escaped = ascii(text);
        assert!(escaped.is_ascii());
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&escaped), read(text));
    }
}
