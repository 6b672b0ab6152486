//! A hub behind a trait object, so that one server can serve hubs of many types.

use std::{pin::Pin, rc::Rc};

use signalr::{Invocation, Protocol};

use crate::{
    caller::Caller,
    error::HubError,
    hub::Hub,
    methods::{Call, Methods, NotStarted},
};

pub(crate) type Callback<T> = Pin<Box<dyn Future<Output = T>>>;

pub(crate) trait ServedHub {
    fn has_method(&self, name: &str) -> bool;
    fn start(&self, caller: Caller, protocol: Protocol, invocation: Invocation) -> Result<Call, NotStarted>;
    fn connected(&self, caller: Caller) -> Callback<Result<(), HubError>>;
    fn disconnected(&self, caller: Caller) -> Callback<()>;
}

pub(crate) struct Served<H> {
    hub: Rc<H>,
    methods: Methods<H>,
}

impl<H: Hub> Served<H> {
    pub(crate) fn new(hub: Rc<H>) -> Self {
        let mut methods = Methods::new();
        H::methods(&mut methods);
        Self { hub, methods }
    }
}

impl<H: Hub> ServedHub for Served<H> {
    fn has_method(&self, name: &str) -> bool {
        self.methods.contains(name)
    }

    fn start(&self, caller: Caller, protocol: Protocol, invocation: Invocation) -> Result<Call, NotStarted> {
        self.methods.start(self.hub.clone(), caller, protocol, invocation)
    }

    fn connected(&self, caller: Caller) -> Callback<Result<(), HubError>> {
        Box::pin(self.hub.clone().connected(caller))
    }

    fn disconnected(&self, caller: Caller) -> Callback<()> {
        Box::pin(self.hub.clone().disconnected(caller))
    }
}
