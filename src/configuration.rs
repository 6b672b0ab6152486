//! The configuration, read once in the life of an isolate: a change of variables starts a new one.

use std::{cell::RefCell, rc::Rc};

use durable_objects::{Configuration, ConfigurationError};
use worker::Env;

thread_local! {
    static CONFIGURATION: RefCell<Option<Rc<Configuration>>> = const { RefCell::new(None) };
}

/// What the variables say.
///
/// # Errors
///
/// The first variable that says something it cannot mean.
pub(crate) fn of(env: &Env) -> Result<Rc<Configuration>, ConfigurationError> {
    CONFIGURATION.with_borrow_mut(|known| {
        if let Some(configuration) = known {
            return Ok(configuration.clone());
        }
        let read = durable_objects::configuration::read(env)?;
        Ok(known.insert(Rc::new(read)).clone())
    })
}
