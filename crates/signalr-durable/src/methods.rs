//! The methods of a hub: plain functions with typed arguments, found by name without regard to case.

use std::{collections::HashMap, future::Future, pin::Pin, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};
use signalr::{BindingError, Invocation, Payload, Protocol};

use crate::{caller::Caller, error::HubError};

/// Where the result of a call goes: encoded at once, in the protocol of who asked.
pub(crate) struct ReplyTo {
    pub(crate) protocol: Protocol,
    /// None: the client awaits no answer, so none is made.
    pub(crate) invocation_id: Option<String>,
}

/// What a call ends with: the framed Completion record (empty if none is awaited), or why there is none.
pub(crate) type Reply = Result<Vec<u8>, HubError>;

/// A call under way.
pub(crate) type Call = Pin<Box<dyn Future<Output = Reply>>>;

trait Method<H> {
    fn call(&self, hub: Rc<H>, caller: Caller, arguments: &[Payload], reply: ReplyTo) -> Result<Call, BindingError>;
}

/// An async function that can be a hub method: it takes the hub, the [`Caller`] and up to six arguments
/// that `serde` can read, and gives `Result<T, HubError>` with a `T` that `serde` can write. `()` is null, as a
/// void method's result is in ASP.NET Core.
pub trait Handler<H, Arguments>: 'static {
    /// Reads the arguments and starts the call.
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "implemented here alone, for functions")]
    fn start(&self, hub: Rc<H>, caller: Caller, arguments: &[Payload], reply: ReplyTo) -> Result<Call, BindingError>;
}

macro_rules! handler {
    ($count:literal $(, $argument:ident $value:ident)*) => {
        impl<H, F, Fut, T, $($argument),*> Handler<H, ($($argument,)*)> for F
        where
            H: 'static,
            F: Fn(Rc<H>, Caller $(, $argument)*) -> Fut + 'static,
            Fut: Future<Output = Result<T, HubError>> + 'static,
            T: Serialize + 'static,
            $($argument: DeserializeOwned,)*
        {
            #[expect(private_interfaces, reason = "implemented here alone, for functions")]
            fn start(
                &self,
                hub: Rc<H>,
                caller: Caller,
                arguments: &[Payload],
                reply: ReplyTo,
            ) -> Result<Call, BindingError> {
                let [$($value),*] = arguments else {
                    return Err(BindingError::ArgumentCount { provided: arguments.len(), expected: $count });
                };
                let future = self(hub, caller $(, $value.decode::<$argument>()?)*);
                Ok(Box::pin(async move { answer(reply, &future.await?) }))
            }
        }
    };
}

handler!(0);
handler!(1, A1 a1);
handler!(2, A1 a1, A2 a2);
handler!(3, A1 a1, A2 a2, A3 a3);
handler!(4, A1 a1, A2 a2, A3 a3, A4 a4);
handler!(5, A1 a1, A2 a2, A3 a3, A4 a4, A5 a5);
handler!(6, A1 a1, A2 a2, A3 a3, A4 a4, A5 a5, A6 a6);

fn answer<T: Serialize>(reply: ReplyTo, result: &T) -> Reply {
    let mut record = Vec::new();
    let Some(invocation_id) = reply.invocation_id else { return Ok(record) };
    match reply.protocol.encode_completion_result(&invocation_id, result, &mut record) {
        Ok(()) => Ok(record),
        Err(error) => Err(HubError::internal(error)),
    }
}

struct Function<F, A>(F, std::marker::PhantomData<fn(A)>);

impl<H, A, F: Handler<H, A>> Method<H> for Function<F, A> {
    fn call(&self, hub: Rc<H>, caller: Caller, arguments: &[Payload], reply: ReplyTo) -> Result<Call, BindingError> {
        self.0.start(hub, caller, arguments, reply)
    }
}

/// The methods that clients of a hub may invoke.
pub struct Methods<H> {
    by_lower_case_name: HashMap<String, Box<dyn Method<H>>>,
}

/// Why a call did not start.
#[derive(Debug)]
pub(crate) enum NotStarted {
    NoSuchMethod,
    Binding(BindingError),
}

impl<H: 'static> Methods<H> {
    pub(crate) fn new() -> Self {
        Self { by_lower_case_name: HashMap::new() }
    }

    /// Lets clients invoke a function by this name. Names are compared without regard to case, as
    /// ASP.NET Core does; a name registered twice means the later function.
    pub fn on<A: 'static>(&mut self, name: &str, handler: impl Handler<H, A>) -> &mut Self {
        let method = Function(handler, std::marker::PhantomData);
        self.by_lower_case_name.insert(name.to_lowercase(), Box::new(method));
        self
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.by_lower_case_name.contains_key(&name.to_lowercase())
    }

    pub(crate) fn start(
        &self,
        hub: Rc<H>,
        caller: Caller,
        protocol: Protocol,
        invocation: Invocation,
    ) -> Result<Call, NotStarted> {
        let Some(method) = self.by_lower_case_name.get(&invocation.target.to_lowercase()) else {
            return Err(NotStarted::NoSuchMethod);
        };
        let arguments = invocation.arguments.map_err(NotStarted::Binding)?;
        let reply = ReplyTo { protocol, invocation_id: invocation.invocation_id };
        method.call(hub, caller, &arguments, reply).map_err(NotStarted::Binding)
    }
}
