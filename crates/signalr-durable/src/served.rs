//! A hub behind a trait object, so that one server can serve hubs of many types.

use std::{pin::Pin, rc::Rc};

use signalr::BindingError;

use crate::{
    caller::Caller,
    error::HubError,
    hub::Hub,
    methods::{Call, Found, Methods, Start},
};

pub(crate) type Callback<T> = Pin<Box<dyn Future<Output = T>>>;

pub(crate) trait ServedHub {
    fn find(&self, method: &str) -> Option<Found>;
    fn authorizes(&self, method: Found, caller: &Caller) -> bool;
    fn start(&self, method: Found, start: Start) -> Option<Result<Call, BindingError>>;
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
    fn find(&self, method: &str) -> Option<Found> {
        self.methods.find(method)
    }

    fn authorizes(&self, method: Found, caller: &Caller) -> bool {
        self.methods.authorizes(method, caller)
    }

    fn start(&self, method: Found, start: Start) -> Option<Result<Call, BindingError>> {
        self.methods.start(self.hub.clone(), method, start)
    }

    fn connected(&self, caller: Caller) -> Callback<Result<(), HubError>> {
        Box::pin(self.hub.clone().connected(caller))
    }

    fn disconnected(&self, caller: Caller) -> Callback<()> {
        Box::pin(self.hub.clone().disconnected(caller))
    }
}
