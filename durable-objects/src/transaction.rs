//! Several statements that are kept together or not at all.

use std::panic::AssertUnwindSafe;

use wasm_bindgen::prelude::*;
use worker::{Error, Result, Storage};

#[wasm_bindgen]
extern "C" {
    type TransactionalStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &TransactionalStorage,
        statements: &mut dyn FnMut() -> std::result::Result<(), JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;
}

/// Runs statements in one transaction: an error, or a panic, takes all of them back
/// (`transactionSync` of the Durable Object storage API).
///
/// # Errors
///
/// The error of the statements, or the platform's where it cannot commit.
pub(crate) fn transaction<T>(storage: &Storage, mut statements: impl FnMut() -> Result<T>) -> Result<T> {
    let mut outcome = None;
    // What a panic leaves half done is taken back, and the panic goes on.
    let mut guarded = AssertUnwindSafe((&mut statements, &mut outcome));
    let storage: &JsValue = storage.as_raw().as_ref();
    let committed = storage.unchecked_ref::<TransactionalStorage>().transaction_sync(&mut move || {
        let whole = &mut guarded;
        let (statements, outcome) = &mut whole.0;
        let ran = statements();
        let thrown = ran.as_ref().err().map(|error| JsValue::from_str(&error.to_string()));
        **outcome = Some(ran);
        thrown.map_or(Ok(()), Err)
    });
    match (outcome, committed) {
        (Some(Ok(value)), Ok(_)) => Ok(value),
        (Some(Err(error)), _) => Err(error),
        (_, Err(error)) => Err(Error::from(error)),
        (None, Ok(_)) => Err(Error::RustError("the transaction did not run".to_owned())),
    }
}
