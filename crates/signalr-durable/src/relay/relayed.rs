//! What comes from relays: connections that begin on their sockets, frames, closes.

use std::{collections::HashSet, rc::Rc};

use worker::{Request, Response};

use super::{
    DownHead, ELSEWHERE, HEAD, MISDIRECTED, OPENED, RELAY_PATH, RESTARTED, UpAnswer, UpHead, Via,
    links::Links,
    object::post,
    wire::{self, Channel, Happening},
};
use crate::{
    call::ConnectionCall,
    check::CHECK_MILLIS,
    clock,
    close::ABNORMAL_CLOSURE,
    connect::plain,
    error::ServerError,
    log,
    server::Server,
    socket::{RelayedSocket, Socket},
};

impl Server {
    /// Where a connection is to begin, if not here: the answer that sends the Worker to a relay. [`serve`](Self::serve)
    /// gives it as well; ask first if you do something else before.
    ///
    /// # Errors
    ///
    /// [`ServerError::Platform`] where storage fails.
    pub fn elsewhere(&self, call: &ConnectionCall) -> Result<Option<Response>, ServerError> {
        if call.via.is_some() || self.has_connection(&call.connection_id) {
            return Ok(None);
        }
        let Some(relay) = self.relay_for(call.region.as_deref())? else { return Ok(None) };
        let mut answer = Response::empty()?.with_status(MISDIRECTED);
        answer.headers_mut().set(ELSEWHERE, &relay.to_string())?;
        Ok(Some(answer))
    }

    /// The relay at which a connection from this region is to begin; none if that is here.
    ///
    /// # Errors
    ///
    /// [`ServerError::Platform`] where storage fails.
    pub fn relay_for(&self, region: Option<&str>) -> Result<Option<u32>, ServerError> {
        self.restore();
        let Some(links) = &self.links else { return Ok(None) };
        let own_connections = self.table.borrow().len().saturating_sub(links.connection_count());
        if !links.is_object_full(own_connections) {
            return Ok(None);
        }
        Ok(Some(links.choose(region.unwrap_or_default())?))
    }

    /// Answers a relay that tells what happened to its sockets.
    ///
    /// # Errors
    ///
    /// [`ServerError`] where the request is no relay's.
    pub async fn serve_relay(self: &Rc<Self>, mut request: Request) -> Result<Response, ServerError> {
        let head = request.headers().get(HEAD)?.unwrap_or_default();
        let head: UpHead = serde_json::from_str(&head).map_err(|error| ServerError::NoCall(error.to_string()))?;
        let body = request.bytes().await?;
        self.restore();
        let Some(links) = &self.links else { return plain(404, "") };
        let happenings =
            wire::happenings(&body).ok_or_else(|| ServerError::NoCall("no list of what happened".to_owned()))?;
        let taken = links.take(&head);
        if taken == Some(true) {
            for happening in happenings {
                self.happened(head.relay, happening);
            }
            self.flush();
        }
        Ok(Response::from_json(&UpAnswer { taken_by: links.memory.clone(), is_taken: taken.is_some() })?)
    }

    fn happened(self: &Rc<Self>, relay: u32, happening: Happening) {
        let Some(links) = &self.links else { return };
        let channel = happening.channel();
        if !links.knows(relay, channel) {
            if let Happening::Frame { .. } = happening {
                links.close(relay, channel, RESTARTED);
            }
            return;
        }
        let socket = relayed_socket(links, relay, channel);
        match happening {
            Happening::Frame { is_text, bytes, .. } => {
                let Some(identity) = self.take(&socket, &bytes, is_text) else { return };
                let server = self.clone();
                self.begin_at_once(async move { server.work_and_conclude(&identity).await });
            }
            Happening::Closed { code, .. } => {
                let server = self.clone();
                self.begin_at_once(async move { server.relayed_closed(&socket, code).await });
            }
        }
    }

    /// Does what can be done at once before anything that comes after it; the rest goes on beside.
    fn begin_at_once(&self, work: impl Future<Output = ()> + 'static) {
        let mut work = Box::pin(work);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if work.as_mut().poll(&mut context).is_pending() {
            self.spawn(|_| work);
        }
    }

    async fn relayed_closed(self: &Rc<Self>, socket: &Socket, code: u16) {
        // What ends with its socket, or lives on without one: the socket is nobody's any more.
        let forgotten = || {
            if let Err(error) = socket.attach("") {
                log::error("a relay's socket could not be forgotten", &format!("{error:?}"));
            }
        };
        let mut closed = Box::pin(self.socket_closed(socket, code));
        let is_done = futures::poll!(&mut closed).is_ready();
        forgotten();
        if !is_done {
            closed.await;
        }
    }

    /// These sockets of a relay are gone without a word.
    pub(super) fn relayed_sockets_are_gone(self: &Rc<Self>, relay: u32, gone: &[Channel]) {
        let Some(links) = &self.links else { return };
        for channel in gone {
            if links.knows(relay, *channel) {
                let (server, socket) = (self.clone(), relayed_socket(links, relay, *channel));
                self.begin_at_once(async move { server.relayed_closed(&socket, ABNORMAL_CLOSURE).await });
            }
        }
        if !gone.is_empty() {
            self.flush();
        }
    }

    /// Has relays look for clients that fell silent, and ends connections whose sockets are gone. Call it before a decision
    /// that counts connections, beside [`check`](Self::check).
    pub async fn check_relays(self: &Rc<Self>) {
        self.check_relays_of(clock::now_millis()).await;
    }

    /// As [`check_relays`](Self::check_relays), but each at most once in half an hour: they sleep otherwise. Call it from
    /// the object's alarm.
    pub async fn check_relays_if_due(self: &Rc<Self>) {
        self.check_relays_of(clock::now_millis() - CHECK_MILLIS).await;
    }

    async fn check_relays_of(self: &Rc<Self>, unchecked_since_millis: f64) {
        self.restore();
        let Some(links) = &self.links else { return };
        links.start_all();
        for (relay, known) in links.unchecked_since(unchecked_since_millis) {
            let Ok(stub) = links.stub(relay) else { continue };
            match post(&stub, RELAY_PATH, &DownHead::Check, &[]).await {
                Ok(answer) => {
                    let there: HashSet<Channel> =
                        wire::take_channels(&mut answer.as_slice()).unwrap_or_default().into_iter().collect();
                    let gone: Vec<Channel> = known.into_iter().filter(|channel| !there.contains(channel)).collect();
                    self.relayed_sockets_are_gone(relay, &gone);
                    if let Err(error) = links.checked(relay) {
                        log::error("a relay's check could not be noted", &error);
                    }
                }
                Err(error) => log::error("a relay was not checked", &error),
            }
        }
    }

    pub(crate) fn open_relayed(
        &self,
        via: Via,
        call: &ConnectionCall,
        attached: &str,
    ) -> Result<(Socket, Response), ServerError> {
        let links = self.links.as_ref().ok_or_else(|| ServerError::NoCall("this server has no relays".to_owned()))?;
        let gone = links.open(via, call.region.as_deref().unwrap_or_default())?;
        if !gone.is_empty() {
            // In a turn of its own: one of them may be what this socket takes the place of.
            self.spawn(move |server| async move { server.relayed_sockets_are_gone(via.relay, &gone) });
        }
        let socket = relayed_socket(links, via.relay, via.channel);
        socket.attach(attached).map_err(worker::Error::from)?;
        let mut answer = Response::empty()?;
        answer.headers_mut().set(OPENED, "1")?;
        Ok((socket, answer))
    }

    /// Takes up the connections whose sockets relays hold, and what they were still to send.
    pub(crate) fn restore_relayed(&self) {
        let Some(links) = &self.links else { return };
        match links.restore() {
            Ok(connections) => {
                for (relay, channel, attached) in connections {
                    self.restore_socket(&relayed_socket(links, relay, channel), &attached);
                }
            }
            Err(error) => log::error("connections of relays could not be read", &error),
        }
        links.start_all();
    }
}

fn relayed_socket(links: &Rc<Links>, relay: u32, channel: Channel) -> Socket {
    Socket::Relayed(RelayedSocket { links: links.clone(), relay, channel })
}
