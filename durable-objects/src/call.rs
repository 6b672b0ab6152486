//! How an object is asked something: each request is a type that knows its binding, its object's name and
//! its answer, so that a wrong one does not compile.

use futures::future::LocalBoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Request, Response, Result, js_sys::Promise};

#[wasm_bindgen]
extern "C" {
    /// An object's stub. What `worker` makes of its answers, a stream and another answer of that, costs more than all else
    /// that a call takes.
    type RawStub;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &RawStub, url: &str, init: &web_sys::RequestInit) -> std::result::Result<Promise, JsValue>;
}

/// Requests that are worth having under way at once: the platform opens six connections for an invocation
/// (<https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections>).
pub const REQUESTS_AT_ONCE: usize = 6;

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

impl From<CallError> for worker::Error {
    fn from(error: CallError) -> Self {
        Self::RustError(error.to_string())
    }
}

/// Asks an object.
///
/// # Errors
///
/// [`CallError`] where the object fails or its answer cannot be read. What the object did until then is
/// not known.
pub async fn ask<C: ObjectCall>(env: &Env, call: &C) -> std::result::Result<C::Answer, CallError> {
    let question = Question { binding: C::BINDING, path: C::PATH, object: call.object_name() };
    let answer = question.ask(env, serde_json::to_string(call)).await?;
    serde_json::from_str(&answer).map_err(|error| question.garbled(&error))
}

/// What is asked of whom, whatever its type.
struct Question {
    binding: &'static str,
    path: &'static str,
    object: String,
}

impl Question {
    async fn ask(&self, env: &Env, json: serde_json::Result<String>) -> std::result::Result<String, CallError> {
        let (status, text) = self.post(env, json).await.map_err(|cause| self.unavailable(cause.to_string()))?;
        if status == 200 { Ok(text) } else { Err(self.unavailable(text)) }
    }

    async fn post(&self, env: &Env, json: serde_json::Result<String>) -> Result<(u16, String)> {
        let init = web_sys::RequestInit::new();
        init.set_method("POST");
        init.set_body(&JsValue::from_str(&json?));
        let stub: RawStub = env.durable_object(self.binding)?.get_by_name(&self.object)?.into_rpc();
        // The host is never resolved: a stub takes any URL.
        let answer = stub.fetch(&format!("https://object{}", self.path), &init)?;
        let response: web_sys::Response = JsFuture::from(answer).await?.unchecked_into();
        let text = JsFuture::from(response.text()?).await?;
        let text = text.as_string().ok_or_else(|| worker::Error::RustError("the body is no text".to_owned()))?;
        Ok((response.status(), text))
    }

    fn unavailable(&self, cause: String) -> CallError {
        CallError::Unavailable { binding: self.binding, cause }
    }

    fn garbled(&self, error: &serde_json::Error) -> CallError {
        CallError::Garbled { binding: self.binding, cause: error.to_string() }
    }
}

/// What an object answers. Each call's future is boxed, or all of them would be one large function.
pub(crate) type Answering<'a> = LocalBoxFuture<'a, Result<Response>>;

/// Serves a call on the object's side.
pub(crate) fn serve<'a, C: ObjectCall, F: Future<Output = Result<C::Answer>>>(
    request: Request,
    handler: impl FnOnce(C) -> F + 'a,
) -> Answering<'a> {
    Box::pin(async {
        let call = serde_json::from_str(&asked(request).await?)?;
        answer(serde_json::to_string(&handler(call).await?))
    })
}

async fn asked(mut request: Request) -> Result<String> {
    request.text().await
}

fn answer(json: serde_json::Result<String>) -> Result<Response> {
    Response::ok(json?)
}
