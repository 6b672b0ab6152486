//! Bodies of requests.

use wasm_bindgen_futures::JsFuture;
use worker::Request;

/// A request's body, without taking the request.
pub(super) async fn body_of(request: &Request) -> worker::Result<Vec<u8>> {
    let buffer = JsFuture::from(request.inner().array_buffer()?).await?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}
