//! Functions as hub methods: any number of arguments up to eight, whatever `serde` can read or write.

use std::rc::Rc;

use futures::{Stream, StreamExt};
use serde::Serialize;
use signalr::{BindingError, Protocol};

use super::{Argument, Call, CallError, Given, Items, Start};
use crate::{caller::Caller, error::HubError};

/// An async function that can be a hub method: it takes the hub, the [`Caller`] and up to eight [`Argument`]s, and
/// gives `Result<T, HubError>` with a `T` that `serde` can write. `()` is null, as a void method's result is in
/// ASP.NET Core.
pub trait Handler<H, Arguments>: 'static {
    /// How many arguments are streams.
    #[doc(hidden)]
    fn uploads(&self) -> usize;

    /// Reads the arguments and starts the call.
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "implemented here alone, for functions")]
    fn start(&self, hub: Rc<H>, start: Start) -> Result<Call, BindingError>;
}

/// As [`Handler`], but the function gives `Result<S, HubError>` with a [`Stream`] of `Result<T, HubError>`. The stream
/// is polled as fast as the client reads, and dropped when the client cancels it or goes.
pub trait StreamHandler<H, Arguments>: 'static {
    /// How many arguments are streams.
    #[doc(hidden)]
    fn uploads(&self) -> usize;

    /// Reads the arguments and starts the call.
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "implemented here alone, for functions")]
    fn start(&self, hub: Rc<H>, start: Start) -> Result<Call, BindingError>;
}

macro_rules! handlers {
    ($($argument:ident $value:ident),*) => {
        impl<H, F, Fut, T, $($argument),*> Handler<H, ($($argument,)*)> for F
        where
            H: 'static,
            F: Fn(Rc<H>, Caller $(, $argument)*) -> Fut + 'static,
            Fut: Future<Output = Result<T, HubError>> + 'static,
            T: Serialize + 'static,
            $($argument: Argument,)*
        {
            fn uploads(&self) -> usize {
                0 $(+ usize::from($argument::IS_UPLOAD))*
            }

            #[expect(private_interfaces, reason = "implemented here alone, for functions")]
            fn start(&self, hub: Rc<H>, start: Start) -> Result<Call, BindingError> {
                let most = 0 $(+ usize::from(!$argument::IS_UPLOAD))*;
                check_count(&start, most - (0 $(+ usize::from($argument::IS_OPTIONAL))*), most)?;
                let Start { caller, protocol, invocation_id, arguments, uploads } = start;
                #[allow(unused_mut, reason = "a function may take nothing")]
                let mut given = Given::new(arguments, uploads);
                $(let $value = $argument::take(&mut given)?;)*
                drop(given);
                let future = self(hub, caller $(, $value)*);
                Ok(Call::Plain(Box::pin(async move {
                    let result = future.await?;
                    completion(protocol, invocation_id.as_deref(), &result)
                })))
            }
        }

        impl<H, F, Fut, S, T, $($argument),*> StreamHandler<H, ($($argument,)*)> for F
        where
            H: 'static,
            F: Fn(Rc<H>, Caller $(, $argument)*) -> Fut + 'static,
            Fut: Future<Output = Result<S, HubError>> + 'static,
            S: Stream<Item = Result<T, HubError>> + 'static,
            T: Serialize + 'static,
            $($argument: Argument,)*
        {
            fn uploads(&self) -> usize {
                0 $(+ usize::from($argument::IS_UPLOAD))*
            }

            #[expect(private_interfaces, reason = "implemented here alone, for functions")]
            fn start(&self, hub: Rc<H>, start: Start) -> Result<Call, BindingError> {
                let most = 0 $(+ usize::from(!$argument::IS_UPLOAD))*;
                check_count(&start, most - (0 $(+ usize::from($argument::IS_OPTIONAL))*), most)?;
                let Start { caller, protocol, invocation_id, arguments, uploads } = start;
                #[allow(unused_mut, reason = "a function may take nothing")]
                let mut given = Given::new(arguments, uploads);
                $(let $value = $argument::take(&mut given)?;)*
                drop(given);
                let future = self(hub, caller $(, $value)*);
                Ok(Call::Stream(Box::pin(async move {
                    let stream = future.await?;
                    Ok(items(protocol, invocation_id.unwrap_or_default(), stream))
                })))
            }
        }
    };
}

handlers!();
handlers!(A1 a1);
handlers!(A1 a1, A2 a2);
handlers!(A1 a1, A2 a2, A3 a3);
handlers!(A1 a1, A2 a2, A3 a3, A4 a4);
handlers!(A1 a1, A2 a2, A3 a3, A4 a4, A5 a5);
handlers!(A1 a1, A2 a2, A3 a3, A4 a4, A5 a5, A6 a6);
handlers!(A1 a1, A2 a2, A3 a3, A4 a4, A5 a5, A6 a6, A7 a7);
handlers!(A1 a1, A2 a2, A3 a3, A4 a4, A5 a5, A6 a6, A7 a7, A8 a8);

fn check_count(start: &Start, least: usize, most: usize) -> Result<(), BindingError> {
    let provided = start.arguments.len();
    if (least..=most).contains(&provided) {
        Ok(())
    } else {
        Err(BindingError::ArgumentCount { provided, expected: most })
    }
}

fn completion<T: Serialize>(protocol: Protocol, invocation_id: Option<&str>, result: &T) -> Result<Vec<u8>, CallError> {
    let mut record = Vec::new();
    if let Some(invocation_id) = invocation_id {
        protocol.encode_completion_result(invocation_id, result, &mut record).map_err(CallError::Encode)?;
    }
    Ok(record)
}

fn items<T: Serialize + 'static>(
    protocol: Protocol,
    invocation_id: String,
    stream: impl Stream<Item = Result<T, HubError>> + 'static,
) -> Items {
    Box::pin(stream.map(move |item| {
        let item = item?;
        let mut record = Vec::new();
        protocol.encode_stream_item(&invocation_id, &item, &mut record).map_err(CallError::Encode)?;
        Ok(record)
    }))
}
