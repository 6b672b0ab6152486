//! The hub of the test Worker.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};

use futures::{Stream, StreamExt, channel::oneshot, stream};
use signalr::{EncodeError, Protocol};
use signalr_durable::{Caller, Event, Hub, HubError, Methods, Upload, Variant};
use worker::Delay;

/// What a test may want of a hub.
#[derive(Default)]
pub(crate) struct TestHub {
    /// Tells one life of the object in memory from the next.
    instance: Cell<f64>,
    wakes: Cell<u32>,
    /// Connections that ended, by id, and why: `disconnected` runs once for each.
    ended: RefCell<Vec<(String, Option<String>)>>,
    /// Calls of `Wait`, by the name that `Signal` ends them with.
    waiting: RefCell<HashMap<String, oneshot::Sender<()>>>,
}

impl TestHub {
    /// Counts an event that reached the object.
    pub(crate) fn woke(&self) {
        if self.instance.get() == 0.0 {
            self.instance.set(worker::js_sys::Math::random());
        }
        self.wakes.set(self.wakes.get() + 1);
    }

    pub(crate) fn instance(&self) -> f64 {
        self.instance.get()
    }
}

impl Hub for TestHub {
    fn methods(methods: &mut Methods<Self>) {
        methods
            .on("Echo", Self::echo)
            .on("Void", Self::void)
            .on("Delay", Self::delay)
            .on("Wait", Self::wait)
            .on("Signal", Self::signal)
            .on("Panic", Self::panic)
            .on("PanicLater", Self::panic_later)
            .on("Refuse", Self::refuse)
            .on("Fail", Self::fail)
            .on("Join", Self::join)
            .on("Leave", Self::leave)
            .on("Tell", Self::tell)
            .on("TellOthers", Self::tell_others)
            .on("Id", Self::id)
            .on("Wakes", Self::wakes)
            .on("Instance", Self::instance_of)
            .on("Ended", Self::ended)
            .on("EndedWith", Self::ended_with)
            .on("Abort", Self::abort)
            .on("Sum", Self::sum)
            .on("AskMe", Self::ask_me)
            .on("Flood", Self::flood)
            .on("FloodEphemeral", Self::flood_ephemeral)
            .stream("Count", Self::count)
            .stream("CountSlowly", Self::count_slowly)
            .stream("StreamPanic", Self::stream_panic)
            .stream("Double", Self::double);
    }

    /// Does what the claims ask for, which are the query of the upgrade.
    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        match caller.claims() {
            "greet" => {
                Delay::from(Duration::from_millis(10)).await;
                caller.send(("Greeted", ("at once",)))
            }
            "refuse" => Err(HubError::refused("not today")),
            "panic" => panic!("on demand, in connected"),
            _ => Ok(()),
        }
    }

    /// Notes the end, and tells the others of it.
    async fn disconnected(self: Rc<Self>, caller: Caller) {
        let id = caller.connection_id();
        self.ended.borrow_mut().push((id.to_owned(), caller.disconnect_error().map(str::to_owned)));
        let _nobody_is_left = caller.others().send(("Ended", (id,)));
        assert!(caller.claims() != "panic-at-end", "on demand, in disconnected");
    }
}

impl TestHub {
    async fn echo(self: Rc<Self>, _caller: Caller, text: String) -> Result<String, HubError> {
        Ok(text)
    }

    async fn void(self: Rc<Self>, _caller: Caller) -> Result<(), HubError> {
        Ok(())
    }

    async fn delay(self: Rc<Self>, _caller: Caller, millis: u64, value: String) -> Result<String, HubError> {
        Delay::from(Duration::from_millis(millis)).await;
        Ok(value)
    }

    /// Waits, without a clock, until somebody calls `Signal` with the same name.
    async fn wait(self: Rc<Self>, _caller: Caller, name: String) -> Result<String, HubError> {
        let (signal, signalled) = oneshot::channel();
        self.waiting.borrow_mut().insert(name.clone(), signal);
        signalled.await.map_err(HubError::internal)?;
        Ok(name)
    }

    async fn signal(self: Rc<Self>, _caller: Caller, name: String) -> Result<bool, HubError> {
        let waiting = self.waiting.borrow_mut().remove(&name);
        Ok(waiting.is_some_and(|signal| signal.send(()).is_ok()))
    }

    async fn panic(self: Rc<Self>, _caller: Caller) -> Result<(), HubError> {
        panic!("on demand");
    }

    async fn panic_later(self: Rc<Self>, _caller: Caller) -> Result<(), HubError> {
        Delay::from(Duration::from_millis(10)).await;
        panic!("on demand, later");
    }

    async fn refuse(self: Rc<Self>, _caller: Caller, message: String) -> Result<(), HubError> {
        Err(HubError::refused(message))
    }

    async fn fail(self: Rc<Self>, _caller: Caller, message: String) -> Result<(), HubError> {
        Err(HubError::internal(message))
    }

    async fn join(self: Rc<Self>, caller: Caller, group: String) -> Result<(), HubError> {
        caller.join(&group)
    }

    async fn leave(self: Rc<Self>, caller: Caller, group: String) -> Result<(), HubError> {
        caller.leave(&group)
    }

    async fn tell(self: Rc<Self>, caller: Caller, group: String, text: String) -> Result<usize, HubError> {
        caller.clients().group(&group).send(("Told", (group.as_str(), text)))
    }

    async fn tell_others(self: Rc<Self>, caller: Caller, text: String) -> Result<usize, HubError> {
        caller.others().send(("Told", ("others", text)))
    }

    async fn id(self: Rc<Self>, caller: Caller) -> Result<String, HubError> {
        Ok(caller.connection_id().to_owned())
    }

    async fn wakes(self: Rc<Self>, _caller: Caller) -> Result<u32, HubError> {
        Ok(self.wakes.get())
    }

    async fn instance_of(self: Rc<Self>, _caller: Caller) -> Result<f64, HubError> {
        Ok(self.instance.get())
    }

    async fn ended(self: Rc<Self>, _caller: Caller) -> Result<Vec<String>, HubError> {
        Ok(self.ended.borrow().iter().map(|(id, _)| id.clone()).collect())
    }

    /// What the end of a connection was put down to; none while it lasts, or where it ended as it should.
    async fn ended_with(self: Rc<Self>, _caller: Caller, id: String) -> Result<Option<String>, HubError> {
        Ok(self.ended.borrow().iter().find(|(ended, _)| *ended == id).and_then(|(_, error)| error.clone()))
    }

    async fn abort(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        caller.abort();
        Ok(())
    }

    async fn sum(self: Rc<Self>, _caller: Caller, mut numbers: Upload<f64>) -> Result<f64, HubError> {
        let mut sum = 0.0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }

    /// Asks the caller's `Ask` the same, and returns its answer.
    async fn ask_me(self: Rc<Self>, caller: Caller, question: String) -> Result<String, HubError> {
        caller.invoke("Ask", (question,)).await
    }

    /// Sends so many events of so many bytes to a group that the caller is alone in.
    async fn flood(self: Rc<Self>, caller: Caller, count: u32, bytes: usize) -> Result<(), HubError> {
        let group = format!("flood-{}", caller.connection_id());
        caller.join(&group)?;
        let text = "x".repeat(bytes);
        for number in 0..count {
            caller.clients().group(&group).send(("Flooded", (number, text.as_str())))?;
        }
        Ok(())
    }

    /// As `Flood`, with events that a slow reader may be spared; returns how many it was sent.
    async fn flood_ephemeral(self: Rc<Self>, caller: Caller, count: u32, bytes: usize) -> Result<usize, HubError> {
        let text = "x".repeat(bytes);
        let mut sent = 0;
        for number in 0..count {
            sent += caller.clients().connection(caller.connection_id()).send(Ephemeral(number, &text))?;
        }
        Ok(sent)
    }

    async fn count(
        self: Rc<Self>,
        _caller: Caller,
        until: u32,
    ) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
        Ok(stream::iter((0..until).map(Ok)))
    }

    async fn count_slowly(
        self: Rc<Self>,
        _caller: Caller,
        until: u32,
        millis: u64,
    ) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
        Ok(stream::iter(0..until).then(move |number| async move {
            Delay::from(Duration::from_millis(millis)).await;
            Ok(number)
        }))
    }

    async fn stream_panic(
        self: Rc<Self>,
        _caller: Caller,
    ) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
        Ok(stream::once(async { panic!("on demand, in a stream") }))
    }

    /// Streams both ways.
    async fn double(
        self: Rc<Self>,
        _caller: Caller,
        numbers: Upload<f64>,
    ) -> Result<impl Stream<Item = Result<f64, HubError>>, HubError> {
        Ok(numbers.map(|number| Ok(number? * 2.0)))
    }
}

/// An event that a later one makes worthless.
struct Ephemeral<'a>(u32, &'a str);

impl Event for Ephemeral<'_> {
    fn encode(&self, protocol: Protocol, _: Variant, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        protocol.encode_invocation("Flooded", &(self.0, self.1), out)
    }

    fn is_ephemeral(&self) -> bool {
        true
    }
}
