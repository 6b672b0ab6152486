//! How an object is asked something: each request is a type that knows its binding, its object's name and
//! its answer, so that a wrong one does not compile.

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Method, Request, RequestInit, Response, Result};

/// A request to a Durable Object and what it answers. Both travel as JSON.
pub trait ObjectCall: Serialize + DeserializeOwned {
    /// What the object answers.
    type Answer: Serialize + DeserializeOwned;

    /// The binding of the object's class in `wrangler.toml`.
    const BINDING: &'static str;

    /// Tells this request from the others that the class takes.
    const PATH: &'static str;

    /// The name of the object that is asked.
    fn object_name(&self) -> String;
}

/// Why an object did not answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// The object is overloaded, is being moved, or failed: the same call may succeed later.
    #[error("{binding} object did not answer: {cause}")]
    Unavailable {
        /// The binding of the class.
        binding: &'static str,
        /// What the platform or the object said.
        cause: String,
    },
    /// The two sides do not speak the same version, as during a deploy.
    #[error("{binding} object answered something else: {cause}")]
    Garbled {
        /// The binding of the class.
        binding: &'static str,
        /// What could not be read.
        cause: String,
    },
}

/// Asks an object.
///
/// # Errors
///
/// [`CallError`] where the object fails or its answer cannot be read. What the object did until then is
/// not known.
pub async fn ask<C: ObjectCall>(env: &Env, call: &C) -> std::result::Result<C::Answer, CallError> {
    let response = post(env, call).await.map_err(unavailable::<C>)?;
    let status = response.status_code();
    let text = text_of(response).await.map_err(unavailable::<C>)?;
    if status != 200 {
        return Err(CallError::Unavailable { binding: C::BINDING, cause: text });
    }
    serde_json::from_str(&text).map_err(|error| CallError::Garbled { binding: C::BINDING, cause: error.to_string() })
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn unavailable<C: ObjectCall>(cause: worker::Error) -> CallError {
    CallError::Unavailable { binding: C::BINDING, cause: cause.to_string() }
}

async fn post<C: ObjectCall>(env: &Env, call: &C) -> Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&serde_json::to_string(call)?)));
    fetch(env, call, &init).await
}

async fn fetch<C: ObjectCall>(env: &Env, call: &C, init: &RequestInit) -> Result<Response> {
    // The host is never resolved: a stub takes any URL.
    let request = Request::new_with_init(&format!("https://object{}", C::PATH), init)?;
    env.durable_object(C::BINDING)?.get_by_name(&call.object_name())?.fetch_with_request(request).await
}

/// The body in one step: `worker` reads it as a stream, chunk by chunk.
async fn text_of(response: Response) -> Result<String> {
    let response: web_sys::Response = response.into();
    let text = JsFuture::from(response.text()?).await?;
    text.as_string().ok_or_else(|| worker::Error::RustError("the body is no text".to_owned()))
}

/// Reads a call on the object's side.
pub(crate) async fn read<C: ObjectCall>(request: &mut Request) -> Result<C> {
    Ok(serde_json::from_str(&request.text().await?)?)
}

/// Writes the answer to a call. Naming the call makes sure that the answer is that call's.
pub(crate) fn answer<C: ObjectCall>(answer: &C::Answer) -> Result<Response> {
    Response::ok(serde_json::to_string(answer)?)
}
