//! The methods of a hub: plain functions with typed arguments, found by name without regard to case.

mod argument;
mod handler;

use std::{collections::HashMap, pin::Pin, rc::Rc};

use futures::Stream;
use signalr::{BindingError, EncodeError, Payload, Protocol};

pub use self::{
    argument::{Argument, Given, Optional},
    handler::{Handler, StreamHandler},
};
use crate::{caller::Caller, error::HubError, upload::UploadBuffer};

/// Why a call, or a stream, ended badly.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The hub said so.
    Hub(HubError),
    /// What the hub gave cannot be written, which ends the connection, as in ASP.NET Core.
    Encode(EncodeError),
}

impl From<HubError> for CallError {
    fn from(error: HubError) -> Self {
        Self::Hub(error)
    }
}

/// Records of a server-to-client stream, each one framed item.
pub(crate) type Items = Pin<Box<dyn Stream<Item = Result<Vec<u8>, CallError>>>>;

/// A call under way.
pub(crate) enum Call {
    /// Ends in its framed Completion record, empty if none is awaited.
    Plain(Pin<Box<dyn Future<Output = Result<Vec<u8>, CallError>>>>),
    /// Ends in a stream.
    Stream(Pin<Box<dyn Future<Output = Result<Items, CallError>>>>),
}

/// What is known of a call before it starts.
pub(crate) struct Start {
    pub(crate) caller: Caller,
    pub(crate) protocol: Protocol,
    /// None: the client awaits no answer, so none is made.
    pub(crate) invocation_id: Option<String>,
    pub(crate) arguments: Vec<Payload>,
    pub(crate) uploads: Vec<Rc<UploadBuffer>>,
}

/// Whether a method answers with one value or with a stream of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Stream,
}

/// What a call must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) kind: Kind,
    /// How many of the arguments are streams of the client's.
    pub(crate) uploads: usize,
}

impl Signature {
    /// Whether such a call waits until others of its connection have ended. What streams runs beside them.
    pub(crate) fn takes_turn(self) -> bool {
        self.kind == Kind::Plain && self.uploads == 0
    }
}

/// A method that was found by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    place: usize,
    pub(crate) signature: Signature,
}

type StartCall<H> = Box<dyn Fn(Rc<H>, Start) -> Result<Call, BindingError>>;

type Policy = Box<dyn Fn(&Caller) -> bool>;

struct Method<H> {
    signature: Signature,
    start: StartCall<H>,
    policy: Option<Policy>,
}

/// The methods that clients of a hub may invoke.
pub struct Methods<H> {
    methods: Vec<Method<H>>,
    /// Places in the list. A name that was registered twice is the later one's.
    by_lower_case_name: HashMap<String, usize>,
}

impl<H: 'static> Methods<H> {
    pub(crate) fn new() -> Self {
        Self { methods: Vec::new(), by_lower_case_name: HashMap::new() }
    }

    /// Lets clients invoke a function by this name. Names are compared without regard to case, as
    /// ASP.NET Core does; a name registered twice means the later function.
    pub fn on<A: 'static>(&mut self, name: &str, handler: impl Handler<H, A>) -> &mut Self {
        let signature = Signature { kind: Kind::Plain, uploads: handler.uploads() };
        self.insert(name, signature, Box::new(move |hub, start| handler.start(hub, start)))
    }

    /// Lets clients invoke a function that answers with a stream (server-to-client streaming). An item that is an error
    /// ends it, and the client reads that error.
    ///
    /// ```
    /// # use std::{rc::Rc, time::Duration};
    /// use futures::{Stream, StreamExt, stream};
    /// # use signalr_durable::{Caller, Hub, HubError, Methods};
    /// # use worker::Delay;
    ///
    /// # struct Rocket;
    /// impl Hub for Rocket {
    ///     fn methods(methods: &mut Methods<Self>) {
    ///         methods.stream("Countdown", Self::countdown);
    ///     }
    /// }
    ///
    /// impl Rocket {
    ///     async fn countdown(
    ///         self: Rc<Self>,
    ///         _caller: Caller,
    ///         from: u32,
    ///     ) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
    ///         Ok(stream::iter((0..=from).rev()).then(async |second| {
    ///             Delay::from(Duration::from_secs(1)).await;
    ///             Ok(second)
    ///         }))
    ///     }
    /// }
    /// ```
    pub fn stream<A: 'static>(&mut self, name: &str, handler: impl StreamHandler<H, A>) -> &mut Self {
        let signature = Signature { kind: Kind::Stream, uploads: handler.uploads() };
        self.insert(name, signature, Box::new(move |hub, start| handler.start(hub, start)))
    }

    /// Lets only those callers invoke the method that was registered last whom the policy passes; others read that they
    /// are not authorized.
    pub fn authorize(&mut self, policy: impl Fn(&Caller) -> bool + 'static) -> &mut Self {
        if let Some(method) = self.methods.last_mut() {
            method.policy = Some(Box::new(policy));
        }
        self
    }

    fn insert(&mut self, name: &str, signature: Signature, start: StartCall<H>) -> &mut Self {
        self.by_lower_case_name.insert(name.to_lowercase(), self.methods.len());
        self.methods.push(Method { signature, start, policy: None });
        self
    }

    pub(crate) fn find(&self, name: &str) -> Option<Found> {
        let place = *self.by_lower_case_name.get(&name.to_lowercase())?;
        Some(Found { place, signature: self.methods.get(place)?.signature })
    }

    pub(crate) fn authorizes(&self, method: Found, caller: &Caller) -> bool {
        let policy = self.methods.get(method.place).and_then(|method| method.policy.as_ref());
        policy.is_none_or(|policy| policy(caller))
    }

    pub(crate) fn start(&self, hub: Rc<H>, method: Found, start: Start) -> Option<Result<Call, BindingError>> {
        self.methods.get(method.place).map(|method| (method.start)(hub, start))
    }
}
