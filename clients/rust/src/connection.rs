//! A connection to one hub, as a program holds it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use signalr::handshake::HandshakeRequest;
use signalr::{Arguments, Completion, Headers, HubMessage, Invocation, Outcome, Payload, Protocol, StreamItem};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use url::Url;

use crate::calls::Awaiting;
use crate::commands::{Command, MOST_COMMANDS, cancel, payloads};
use crate::event::{ClientResult, Event, HandlerId, Handlers};
use crate::network::Network;
use crate::task::Task;
use crate::{AccessToken, ConnectionState, ConnectionStatus, Error, HubStream, ReconnectPolicy};

/// Items of a stream that are kept for a reader that is slow, and a place for saying that it was too slow.
const MOST_ITEMS: usize = 1_024 + 1;

/// How a connection behaves. What is not said is as in the official clients.
#[derive(Debug, Clone)]
pub struct ConnectionOptions {
    /// What is presented to the server.
    pub access_token: AccessToken,
    /// What messages are written in: JSON unless said otherwise.
    pub protocol: Protocol,
    /// When it is tried again.
    pub reconnect: ReconnectPolicy,
    /// Whether the socket of a connection is replaced when it is lost, without anything being missed, if the server
    /// grants it. Where that fails, the connection is made anew.
    pub stateful_reconnect: bool,
    /// Whether the socket is opened without negotiating: one request less, no id, and no stateful reconnect.
    pub skip_negotiation: bool,
    /// How long negotiation, the socket and the handshake may each take: 15 seconds.
    pub connect_timeout: Duration,
    /// How long a call waits for its result: 30 seconds.
    pub invoke_timeout: Duration,
    /// How long nothing at all may come before the connection counts as lost: 30 seconds.
    pub server_timeout: Duration,
    /// How often a ping shows the server that the client is there: every 15 seconds.
    pub keep_alive_interval: Duration,
    /// How many bytes may be on their way and not acknowledged with stateful reconnect: 100,000.
    pub stateful_window_bytes: usize,
    /// How the server is reached; as everything else is, unless said otherwise.
    pub network: Option<Network>,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            access_token: AccessToken::default(),
            protocol: Protocol::Json,
            reconnect: ReconnectPolicy::default(),
            stateful_reconnect: false,
            skip_negotiation: false,
            connect_timeout: Duration::from_secs(15),
            invoke_timeout: Duration::from_secs(30),
            server_timeout: Duration::from_secs(30),
            keep_alive_interval: Duration::from_secs(15),
            stateful_window_bytes: 100_000,
            network: None,
        }
    }
}

/// What the program and the task share.
pub(crate) struct Shared {
    pub(crate) url: Url,
    pub(crate) network: Network,
    pub(crate) options: ConnectionOptions,
    pub(crate) handlers: Handlers,
    pub(crate) status: watch::Sender<ConnectionStatus>,
}

/// A connection to one hub. Clones are the same connection; it ends when the last of them is dropped.
///
/// ```no_run
/// # async fn example() -> Result<(), conduit_client::Error> {
/// use conduit_client::{ConnectionOptions, HubConnection};
///
/// let options = ConnectionOptions { access_token: "condt_…".into(), ..ConnectionOptions::default() };
/// let tasks = HubConnection::new("http://127.0.0.1:8787/hubs/tasks", options)?;
/// tasks.on("TaskProgress", |event| {
///     if let (Ok(task), Ok(percent)) = (event.argument::<String>(0), event.argument::<f64>(1)) {
///         println!("{task}: {percent} %");
///     }
/// });
/// tasks.start().await?;
/// tasks.invoke::<()>("SubscribeToTaskType", ("*",)).await?;
/// # Ok(())
/// # }
/// ```
///
/// Handlers are called one at a time, in the order in which events came, and nothing else of the connection goes on
/// meanwhile: what takes long belongs into a task of its own. They must be registered before the start to miss nothing.
#[derive(Clone)]
pub struct HubConnection {
    shared: Arc<Shared>,
    commands: Arc<Mutex<Option<mpsc::Sender<Command>>>>,
    last_id: Arc<AtomicU64>,
}

impl HubConnection {
    /// Makes a connection to the hub at `url`, which is not started yet.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidAddress`] where no server can be there.
    pub fn new(url: &str, options: ConnectionOptions) -> Result<Self, Error> {
        let url = parse(url)?;
        let network = options.network.clone().map_or_else(Network::shared, Ok)?;
        let (status, _) = watch::channel(ConnectionStatus::default());
        let shared = Arc::new(Shared { url, network, options, handlers: Handlers::default(), status });
        Ok(Self { shared, commands: Arc::default(), last_id: Arc::default() })
    }

    /// Connects, as often as the [`ReconnectPolicy`] says. One that is started already stays as it is.
    ///
    /// # Errors
    ///
    /// Returns why the last attempt failed.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime with I/O and time.
    pub async fn start(&self) -> Result<(), Error> {
        let started = {
            let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
            if commands.as_ref().is_some_and(|commands| !commands.is_closed()) {
                None
            } else {
                let (sender, receiver) = mpsc::channel(MOST_COMMANDS);
                *commands = Some(sender.clone());
                let (report, started) = oneshot::channel();
                self.shared.status.send_replace(ConnectionStatus {
                    state: ConnectionState::Connecting,
                    ..ConnectionStatus::default()
                });
                tokio::spawn(Task::new(Arc::clone(&self.shared), receiver, sender.downgrade()).run(report));
                Some(started)
            }
        };
        match started {
            Some(started) => started.await.unwrap_or(Err(Error::NotConnected)),
            None => self.connected().await,
        }
    }

    /// Waits for what somebody else has started.
    async fn connected(&self) -> Result<(), Error> {
        let mut statuses = self.shared.status.subscribe();
        let is_settled = |status: &ConnectionStatus| status.state != ConnectionState::Connecting;
        let settled = statuses.wait_for(is_settled).await.map_err(|_| Error::NotConnected)?;
        match settled.state {
            ConnectionState::Connected | ConnectionState::Reconnecting => Ok(()),
            _ => Err(settled.error.clone().unwrap_or(Error::NotConnected)),
        }
    }

    /// Says goodbye to the server and ends the connection. It may be started again.
    pub async fn stop(&self) {
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(commands) = commands else { return };
        let (done, ended) = oneshot::channel();
        if commands.send(Command::Stop { done }).await.is_ok() {
            // A task that has ended meanwhile has stopped as well.
            drop(ended.await);
        }
    }

    /// Where the connection stands.
    pub fn status(&self) -> ConnectionStatus {
        self.shared.status.borrow().clone()
    }

    /// Where the connection stands, now and whenever that changes.
    pub fn statuses(&self) -> watch::Receiver<ConnectionStatus> {
        self.shared.status.subscribe()
    }

    /// The protocol that messages are written in.
    pub fn protocol(&self) -> Protocol {
        self.shared.options.protocol
    }

    /// Calls `handler` for each event of that name, now and after each reconnect.
    pub fn on(&self, event: &str, handler: impl Fn(&Event) + Send + Sync + 'static) -> HandlerId {
        self.shared.handlers.add(Some(event), Arc::new(handler))
    }

    /// Calls `handler` for every event, after those of the event.
    pub fn on_any(&self, handler: impl Fn(&Event) + Send + Sync + 'static) -> HandlerId {
        self.shared.handlers.add(None, Arc::new(handler))
    }

    /// Answers what the hub asks its client under that name; handlers of the name are told as well.
    pub fn answer<F, A>(&self, method: &str, answer: F)
    where
        F: Fn(Event) -> A + Send + Sync + 'static,
        A: Future<Output = ClientResult> + Send + 'static,
    {
        self.shared.handlers.answer(method, Arc::new(move |event| Box::pin(answer(event))));
    }

    /// Removes a handler, and says whether it was there.
    pub fn off(&self, handler: HandlerId) -> bool {
        self.shared.handlers.remove(handler)
    }

    /// Removes all handlers of an event.
    pub fn off_all(&self, event: &str) {
        self.shared.handlers.remove_all(event);
    }

    /// Calls a method, and waits for what it answers: `()` where that is of no interest.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Invocation`] with what the hub says, [`Error::NotConnected`] where there is no connection,
    /// [`Error::Lost`] where it was lost before the answer, [`Error::TimedOut`], or [`Error::Encode`] and
    /// [`Error::Decode`] for values of a wrong type.
    pub async fn invoke<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments + Send,
    ) -> Result<T, Error> {
        let pending = self.begin(method, &arguments, None).await?;
        pending.result().await
    }

    /// Sends a call whose answer is awaited later, so that others may follow it at once.
    pub(crate) async fn begin<A: Arguments + ?Sized>(
        &self,
        method: &str,
        arguments: &A,
        generation: Option<u64>,
    ) -> Result<PendingResult, Error> {
        let invocation_id = self.next_id();
        let mut record = Vec::new();
        let protocol = self.protocol();
        let encoded = protocol.encode_invocation_with_id(&invocation_id, method, arguments, &mut record);
        encoded.map_err(|error| Error::Encode(error.to_string()))?;
        let (reply, result) = oneshot::channel();
        let call = Some((invocation_id.clone(), Awaiting::Result { method: method.to_owned(), reply }));
        self.command(Command::Send { record, call, generation }).await?;
        Ok(PendingResult { connection: self.clone(), invocation_id, result })
    }

    /// Calls a method and asks for no answer. What is sent is sent; whether it arrives nobody says.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotConnected`] or [`Error::Encode`].
    pub async fn send(&self, method: &str, arguments: impl Arguments + Send) -> Result<(), Error> {
        let mut record = Vec::new();
        let encoded = self.protocol().encode_invocation(method, &arguments, &mut record);
        encoded.map_err(|error| Error::Encode(error.to_string()))?;
        self.command(Command::Send { record, call: None, generation: None }).await
    }

    /// Calls a method that answers with a stream.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotConnected`] or [`Error::Encode`]. What the hub says against it is the stream's first item.
    pub async fn stream<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments + Send,
    ) -> Result<HubStream<T>, Error> {
        let protocol = self.protocol();
        let invocation_id = self.next_id();
        let message = HubMessage::StreamInvocation(Invocation {
            headers: Headers::new(),
            invocation_id: Some(invocation_id.clone()),
            target: method.to_owned(),
            arguments: Ok(payloads(protocol, &arguments)?),
            stream_ids: Vec::new(),
        });
        let (items, received) = mpsc::channel(MOST_ITEMS);
        let call = Some((invocation_id.clone(), Awaiting::Items { method: method.to_owned(), items }));
        let record = encode(protocol, &message)?;
        let commands = self.sender()?.downgrade();
        self.command(Command::Send { record, call, generation: None }).await?;
        Ok(HubStream::new(received, invocation_id, commands, protocol))
    }

    /// Calls a method whose last argument is a stream of values, and waits for what it answers. The stream is read as fast
    /// as the connection takes it, and no further once the method has answered.
    ///
    /// # Errors
    ///
    /// As [`invoke`](Self::invoke), without a time-out.
    pub async fn invoke_with_stream<T, I, S>(
        &self,
        method: &str,
        arguments: impl Arguments + Send,
        items: S,
    ) -> Result<T, Error>
    where
        T: DeserializeOwned,
        I: Serialize + Send + Sync,
        S: Stream<Item = I> + Send,
    {
        let protocol = self.protocol();
        let (invocation_id, stream_id) = (self.next_id(), self.next_id());
        let message = HubMessage::Invocation(Invocation {
            headers: Headers::new(),
            invocation_id: Some(invocation_id.clone()),
            target: method.to_owned(),
            arguments: Ok(payloads(protocol, &arguments)?),
            stream_ids: vec![stream_id.clone()],
        });
        let (reply, result) = oneshot::channel();
        let call = Some((invocation_id, Awaiting::Result { method: method.to_owned(), reply }));
        let record = encode(protocol, &message)?;
        self.command(Command::Send { record, call, generation: None }).await?;
        // Items belong to this connection: to one that was made anew meanwhile they would mean nothing.
        let generation = Some(self.status().generation);
        let upload = async {
            let mut items = std::pin::pin!(items);
            while let Some(item) = items.next().await {
                let item = Payload::encode(protocol, &item).map_err(|error| Error::Encode(error.to_string()))?;
                let invocation_id = stream_id.clone();
                let item =
                    HubMessage::StreamItem(StreamItem { headers: Headers::new(), invocation_id, item: Ok(item) });
                let record = encode(protocol, &item)?;
                self.command(Command::Send { record, call: None, generation }).await?;
            }
            let invocation_id = stream_id.clone();
            let end = Completion { headers: Headers::new(), invocation_id, outcome: Outcome::Void };
            let record = encode(protocol, &HubMessage::Completion(end))?;
            self.command(Command::Send { record, call: None, generation }).await
        };
        tokio::pin!(upload, result);
        let mut is_uploaded = false;
        loop {
            tokio::select! {
                result = &mut result => return typed(protocol, result.unwrap_or(Err(Error::NotConnected))?),
                uploaded = &mut upload, if !is_uploaded => {
                    uploaded?;
                    is_uploaded = true;
                }
            }
        }
    }

    pub(crate) fn network(&self) -> Network {
        self.shared.network.clone()
    }

    /// How long a call may wait for a connection.
    pub(crate) fn patience(&self) -> Duration {
        self.shared.options.invoke_timeout
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The connection, without keeping it alive.
    pub(crate) fn downgrade(&self) -> WeakConnection {
        let (commands, last_id) = (Arc::downgrade(&self.commands), Arc::clone(&self.last_id));
        WeakConnection { shared: Arc::clone(&self.shared), commands, last_id }
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        self.sender()?.send(command).await.map_err(|_| Error::NotConnected)
    }

    /// Where commands go, while there is a connection that they can be sent on.
    fn sender(&self) -> Result<mpsc::Sender<Command>, Error> {
        if self.shared.status.borrow().state != ConnectionState::Connected {
            return Err(Error::NotConnected);
        }
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands.clone().ok_or(Error::NotConnected)
    }

    fn next_id(&self) -> String {
        (self.last_id.fetch_add(1, Ordering::Relaxed) + 1).to_string()
    }
}

/// A connection that ends with the last that is not weak.
pub(crate) struct WeakConnection {
    shared: Arc<Shared>,
    commands: Weak<Mutex<Option<mpsc::Sender<Command>>>>,
    last_id: Arc<AtomicU64>,
}

impl WeakConnection {
    pub(crate) fn upgrade(&self) -> Option<HubConnection> {
        let (shared, last_id) = (Arc::clone(&self.shared), Arc::clone(&self.last_id));
        Some(HubConnection { shared, commands: self.commands.upgrade()?, last_id })
    }
}

/// A call that was sent.
pub(crate) struct PendingResult {
    connection: HubConnection,
    invocation_id: String,
    result: oneshot::Receiver<Result<Option<Payload>, Error>>,
}

impl PendingResult {
    pub(crate) async fn result<T: DeserializeOwned>(self) -> Result<T, Error> {
        let protocol = self.connection.protocol();
        let after = self.connection.shared.options.invoke_timeout;
        if let Ok(result) = timeout(after, self.result).await {
            return typed(protocol, result.unwrap_or(Err(Error::NotConnected))?);
        }
        // If the connection is gone too, there is nothing to cancel.
        drop(self.connection.command(cancel(protocol, &self.invocation_id)).await);
        Err(Error::TimedOut { what: "a call", after })
    }
}

fn typed<T: DeserializeOwned>(protocol: Protocol, result: Option<Payload>) -> Result<T, Error> {
    let payload = result.unwrap_or_else(|| Payload::null(protocol));
    payload.decode().map_err(|error| Error::Decode(error.to_string()))
}

fn encode(protocol: Protocol, message: &HubMessage) -> Result<Vec<u8>, Error> {
    let mut record = Vec::new();
    protocol.encode(message, &mut record).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(record)
}

/// Reads an address, and its scheme as HTTP's.
pub(crate) fn parse(address: &str) -> Result<Url, Error> {
    let invalid = |reason: &str| Error::InvalidAddress { address: address.to_owned(), reason: reason.to_owned() };
    let mut url = Url::parse(address).map_err(|error| invalid(&error.to_string()))?;
    let scheme = match url.scheme() {
        "http" | "ws" => "http",
        "https" | "wss" => "https",
        _ => return Err(invalid("it begins with neither http:// nor https://")),
    };
    url.set_scheme(scheme).map_err(|()| invalid("it has no host"))?;
    Ok(url)
}

impl Shared {
    /// The greeting that begins a connection.
    pub(crate) fn handshake(&self, is_stateful: bool) -> HandshakeRequest {
        HandshakeRequest { protocol: self.options.protocol, version: if is_stateful { 2 } else { 1 } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_http_whichever_way_it_is_written() {
        assert_eq!(parse("wss://host/hubs/x?meta=1").unwrap().as_str(), "https://host/hubs/x?meta=1");
        assert_eq!(parse("http://[::1]:8787").unwrap().as_str(), "http://[::1]:8787/");
        for address in ["", "host", "ftp://host", "/hubs/tasks"] {
            assert!(matches!(parse(address), Err(Error::InvalidAddress { .. })), "{address}");
        }
    }

    #[tokio::test]
    async fn without_a_start_nothing_can_be_said() {
        let connection = HubConnection::new("http://127.0.0.1:9/hubs/x", ConnectionOptions::default()).unwrap();
        assert_eq!(connection.invoke::<()>("X", ()).await, Err(Error::NotConnected));
        assert_eq!(connection.send("X", ()).await, Err(Error::NotConnected));
        connection.stop().await;
        assert_eq!(connection.status().state, ConnectionState::Disconnected);
    }
}
