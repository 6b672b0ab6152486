//! The task that owns a connection: makes it, reads it, writes it, keeps it alive, and makes it anew.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use signalr::resume::{Incoming, Outgoing};
use signalr::{HubMessage, Invocation, Payload};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep, sleep_until};

use crate::backoff::random_fraction;
use crate::calls::Calls;
use crate::commands::{Command, cancel};
use crate::connection::Shared;
use crate::event::Event;
use crate::link::Link;
use crate::negotiation::{Endpoint, authorization, negotiate};
use crate::{ConnectionState, ConnectionStatus, Error};

/// How often what was received is acknowledged, at most.
const ACK_INTERVAL: Duration = Duration::from_secs(1);

/// How long a server keeps a connection whose socket was lost.
const RESUME_WINDOW: Duration = Duration::from_secs(15);

/// The wait between two attempts to replace a socket.
const RESUME_PAUSE: Duration = Duration::from_millis(250);

pub(crate) struct Task {
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    /// For what is answered later; it does not keep the connection alive.
    to_self: mpsc::WeakSender<Command>,
    calls: Calls,
    generation: u64,
    resumed: u64,
}

/// Why a connection ended.
enum End {
    /// The program said so.
    Stopped(Option<oneshot::Sender<()>>),
    /// The server said so, and that it is for good.
    Closed(Error),
    /// It was lost, or the server asked the client to come again.
    Lost(Error),
}

/// What a replaced socket has to make good, with stateful reconnect.
struct Continuity {
    endpoint: Endpoint,
    incoming: Incoming,
    outgoing: Outgoing<Vec<u8>>,
}

/// A connection that is there.
struct Session {
    link: Link,
    continuity: Option<Continuity>,
}

impl Task {
    pub(crate) fn new(
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
        to_self: mpsc::WeakSender<Command>,
    ) -> Self {
        Self { shared, commands, to_self, calls: Calls::default(), generation: 0, resumed: 0 }
    }

    /// Runs until the program stops it, the server ends it or it is given up. `started` is told of the first start.
    pub(crate) async fn run(mut self, started: oneshot::Sender<Result<(), Error>>) {
        let mut started = Some(started);
        let mut lost = None;
        let end = loop {
            let (session, connection_id) = match Box::pin(self.establish(lost.take())).await {
                Ok(established) => established,
                Err(end) => break end,
            };
            self.generation += 1;
            self.enter(ConnectionStatus {
                state: ConnectionState::Connected,
                connection_id,
                ..ConnectionStatus::default()
            });
            if let Some(started) = started.take() {
                // Whoever started it need not wait for it.
                drop(started.send(Ok(())));
            }
            let end = self.serve(session).await;
            let error = match &end {
                End::Lost(error) | End::Closed(error) => error.clone(),
                End::Stopped(_) => Error::NotConnected,
            };
            self.calls.fail_all(&error);
            match end {
                End::Lost(error) => lost = Some(error),
                end => break end,
            }
        };
        let (state, error, done) = match end {
            End::Stopped(done) => (ConnectionState::Disconnected, None, done),
            End::Closed(error) => (ConnectionState::Disconnected, Some(error), None),
            End::Lost(error) => (ConnectionState::Failed, Some(error), None),
        };
        self.commands.close();
        self.enter(ConnectionStatus { state, error: error.clone(), ..ConnectionStatus::default() });
        while let Ok(command) = self.commands.try_recv() {
            command.refuse();
        }
        if let Some(started) = started {
            drop(started.send(Err(error.unwrap_or(Error::NotConnected))));
        }
        if let Some(done) = done {
            // Whoever stopped it need not wait.
            let _ = done.send(());
        }
    }

    /// Connects, and tries again until it succeeds or the policy says no. `lost` is why there is no connection any more;
    /// without it, this is the first start.
    async fn establish(&mut self, lost: Option<Error>) -> Result<(Session, Option<String>), End> {
        let state = if lost.is_some() { ConnectionState::Reconnecting } else { ConnectionState::Connecting };
        let policy = self.shared.options.reconnect;
        let mut attempt = 0;
        let mut error = lost;
        loop {
            if let Some(why) = error.take() {
                attempt += 1;
                let Some(delay) = policy.delay(attempt, random_fraction()) else {
                    return Err(End::Lost(why));
                };
                self.enter(ConnectionStatus {
                    state,
                    attempt,
                    retry_in: Some(delay),
                    error: Some(why),
                    ..ConnectionStatus::default()
                });
                self.unless_stopped(sleep(delay)).await?;
            }
            let shared = Arc::clone(&self.shared);
            match self.unless_stopped(Box::pin(connect(&shared))).await? {
                Ok(established) => return Ok(established),
                Err(why) => {
                    let may_change = shared.options.access_token.may_change();
                    let is_for_good =
                        why.is_permanent() && !(may_change && matches!(why, Error::Refused { status: 401, .. }));
                    if is_for_good {
                        return Err(End::Lost(why));
                    }
                    error = Some(why);
                }
            }
        }
    }

    /// Waits for something while there is no connection: what is asked meanwhile is refused, and a stop ends it.
    async fn unless_stopped<T>(&mut self, future: impl Future<Output = T>) -> Result<T, End> {
        tokio::pin!(future);
        loop {
            tokio::select! {
                output = &mut future => return Ok(output),
                command = self.commands.recv() => match command {
                    None => return Err(End::Stopped(None)),
                    Some(Command::Stop { done }) => return Err(End::Stopped(Some(done))),
                    Some(command) => command.refuse(),
                },
            }
        }
    }

    /// Reads and writes a connection, through replaced sockets, until it ends.
    async fn serve(&mut self, mut session: Session) -> End {
        loop {
            let error = match self.serve_socket(&mut session).await {
                End::Lost(error) => error,
                End::Stopped(done) => {
                    session.link.close().await;
                    return End::Stopped(done);
                }
                end @ End::Closed(_) => return end,
            };
            let is_resumable = matches!(error, Error::Lost(_) | Error::TimedOut { .. });
            let Some(continuity) = session.continuity.as_mut().filter(|_| is_resumable) else {
                return End::Lost(error);
            };
            let shared = Arc::clone(&self.shared);
            // What is asked meanwhile waits for the new socket, a stop as well: it stands behind what is still to be sent.
            match replace_socket(&shared, continuity).await {
                Some(link) => session.link = link,
                None => return End::Lost(error),
            }
            self.resumed += 1;
            let resumed = self.resumed;
            self.shared.status.send_modify(|status| status.resumed = resumed);
        }
    }

    async fn serve_socket(&mut self, session: &mut Session) -> End {
        let options = self.shared.options.clone();
        let ping = options.protocol.ping();
        let mut pings = interval(options.keep_alive_interval.max(Duration::from_millis(1)));
        let mut acks = interval_at(Instant::now() + ACK_INTERVAL, ACK_INTERVAL);
        for timer in [&mut pings, &mut acks] {
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut heard = Instant::now();
        loop {
            let is_window_full = session.continuity.as_ref().is_some_and(|it| it.outgoing.is_window_full());
            let is_stateful = session.continuity.is_some();
            let step = tokio::select! {
                messages = session.link.next() => {
                    heard = Instant::now();
                    match messages {
                        Ok(messages) => self.take_all(session, messages).await,
                        Err(error) => Err(End::Lost(error)),
                    }
                }
                command = self.commands.recv(), if !is_window_full => self.obey(session, command).await,
                _ = pings.tick() => session.link.send(ping).await.map_err(End::Lost),
                _ = acks.tick(), if is_stateful => acknowledge(session).await.map_err(End::Lost),
                () = sleep_until(heard + options.server_timeout) => {
                    Err(End::Lost(Error::TimedOut { what: "a sign of the server", after: options.server_timeout }))
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn obey(&mut self, session: &mut Session, command: Option<Command>) -> Result<(), End> {
        match command {
            None => Err(End::Stopped(None)),
            Some(Command::Stop { done }) => Err(End::Stopped(Some(done))),
            Some(Command::Send { generation: Some(meant), call, .. }) if meant != self.generation => {
                if let Some((_, awaiting)) = call {
                    awaiting.fail(Error::NotConnected);
                }
                Ok(())
            }
            Some(Command::Send { record, call, .. }) => {
                if let Some((id, awaiting)) = call {
                    self.calls.begin(id, awaiting);
                }
                session.send_counted(record).await.map_err(End::Lost)
            }
            Some(Command::Cancel { record, invocation_id }) => {
                if self.calls.forget(&invocation_id) {
                    session.send_counted(record).await.map_err(End::Lost)?;
                }
                Ok(())
            }
        }
    }

    async fn take_all(&mut self, session: &mut Session, messages: Vec<HubMessage>) -> Result<(), End> {
        for message in messages {
            let is_new = session.continuity.as_mut().is_none_or(|it| it.incoming.accept(&message));
            if is_new {
                self.take(session, message).await?;
            }
        }
        Ok(())
    }

    async fn take(&mut self, session: &mut Session, message: HubMessage) -> Result<(), End> {
        match message {
            HubMessage::Invocation(invocation) => self.tell(session, invocation).await.map_err(End::Lost),
            HubMessage::StreamItem(item) => {
                let payload = item.item.map_err(|error| Error::Decode(error.to_string()));
                if !self.calls.item(&item.invocation_id, payload)
                    && let Command::Cancel { record, .. } = cancel(self.shared.options.protocol, &item.invocation_id)
                {
                    session.send_counted(record).await.map_err(End::Lost)?;
                }
                Ok(())
            }
            HubMessage::Completion(completion) => {
                self.calls.complete(completion);
                Ok(())
            }
            HubMessage::Close { error, allow_reconnect } => {
                let why = Error::Closed(error.unwrap_or_default());
                Err(if allow_reconnect { End::Lost(why) } else { End::Closed(why) })
            }
            HubMessage::Ack { sequence_id } => {
                if let Some(continuity) = session.continuity.as_mut() {
                    continuity.outgoing.acknowledge(sequence_id);
                }
                session.transmit().await.map_err(End::Lost)
            }
            HubMessage::Sequence { sequence_id } => match session.continuity.as_mut() {
                Some(continuity) => continuity
                    .incoming
                    .sequence(sequence_id)
                    .map_err(|error| End::Lost(Error::Protocol(error.to_string()))),
                None => Ok(()),
            },
            // Servers stream nothing from their clients, nor cancel what they asked them.
            _ => Ok(()),
        }
    }

    /// Tells handlers of an event, and sees to it that the hub gets an answer if it wants one.
    async fn tell(&mut self, session: &mut Session, invocation: Invocation) -> Result<(), Error> {
        // What does not bind has no arguments; JSON always does.
        let Ok(arguments) = invocation.arguments else { return Ok(()) };
        let event = Event { name: invocation.target, arguments };
        self.shared.handlers.tell(&event);
        let Some(id) = invocation.invocation_id else { return Ok(()) };
        let protocol = self.shared.options.protocol;
        let Some(answerer) = self.shared.handlers.answerer(&event.name) else {
            let mut record = Vec::new();
            protocol.encode_completion_error(&id, "Client didn't provide a result.", &mut record);
            return session.send_counted(record).await;
        };
        let (to_self, generation) = (self.to_self.clone(), Some(self.generation));
        tokio::spawn(async move {
            let mut record = Vec::new();
            match answerer(event).await {
                Ok(result) => match Payload::encode(protocol, &result) {
                    Ok(payload) => drop(protocol.encode_completion_result(&id, &payload, &mut record)),
                    Err(error) => protocol.encode_completion_error(&id, &error.to_string(), &mut record),
                },
                Err(message) => protocol.encode_completion_error(&id, &message, &mut record),
            }
            if let Some(commands) = to_self.upgrade() {
                // Where the connection is gone, nobody waits.
                drop(commands.send(Command::Send { record, call: None, generation }).await);
            }
        });
        Ok(())
    }

    fn enter(&self, status: ConnectionStatus) {
        let (generation, resumed) = (self.generation, self.resumed);
        self.shared.status.send_replace(ConnectionStatus { generation, resumed, ..status });
    }
}

/// A panic of a handler ends the task: then there is no connection, and it says so.
impl Drop for Task {
    fn drop(&mut self) {
        let is_over = |state| matches!(state, ConnectionState::Disconnected | ConnectionState::Failed);
        self.shared.status.send_if_modified(|status| {
            let changes = !is_over(status.state);
            if changes {
                *status = ConnectionStatus { generation: self.generation, ..ConnectionStatus::default() };
            }
            changes
        });
    }
}

impl Session {
    /// Sends a record that stateful reconnect counts.
    async fn send_counted(&mut self, record: Vec<u8>) -> Result<(), Error> {
        match self.continuity.as_mut() {
            None => self.link.send(&record).await,
            Some(continuity) => {
                continuity.outgoing.push(record);
                self.transmit().await
            }
        }
    }

    /// Sends what may be sent of what waits.
    async fn transmit(&mut self) -> Result<(), Error> {
        if let Some(continuity) = self.continuity.as_mut() {
            while let Some(record) = continuity.outgoing.transmit() {
                self.link.send(record).await?;
            }
        }
        Ok(())
    }
}

async fn acknowledge(session: &mut Session) -> Result<(), Error> {
    let Some(sequence_id) = session.continuity.as_mut().and_then(|it| it.incoming.ack()) else {
        return Ok(());
    };
    let record = uncounted(session.link.protocol(), &HubMessage::Ack { sequence_id });
    session.link.send(&record).await
}

/// A record without payloads, which can always be written.
fn uncounted(protocol: signalr::Protocol, message: &HubMessage) -> Vec<u8> {
    let mut record = Vec::new();
    drop(protocol.encode(message, &mut record));
    record
}

/// Makes a new connection.
async fn connect(shared: &Shared) -> Result<(Session, Option<String>), Error> {
    let options = &shared.options;
    let (network, after) = (&shared.network, options.connect_timeout);
    let mut endpoint = if options.skip_negotiation {
        let (url, token) = (shared.url.clone(), options.access_token.clone());
        Endpoint { url, token, connection_id: None, is_stateful: false }
    } else {
        let wants_stateful = options.stateful_reconnect;
        negotiate(network, &shared.url, &options.access_token, options.protocol, wants_stateful, after).await?
    };
    let socket = open(shared, &endpoint).await?;
    let handshake = shared.handshake(endpoint.is_stateful);
    let link = Link::greet(socket, handshake, options.server_timeout, after).await?;
    let connection_id = endpoint.connection_id.take();
    let continuity = endpoint.is_stateful.then(|| Continuity {
        endpoint,
        incoming: Incoming::new(),
        outgoing: Outgoing::new(options.stateful_window_bytes),
    });
    Ok((Session { link, continuity }, connection_id))
}

async fn open(shared: &Shared, endpoint: &Endpoint) -> Result<crate::network::Socket, Error> {
    let authorization = authorization(&endpoint.token).await?;
    let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
    shared.network.web_socket(&endpoint.url, &headers, shared.options.connect_timeout).await
}

/// Opens another socket for a connection, as long as the server may know it, and sends again what may not have arrived.
/// `None` means that the server does not know it any more.
async fn replace_socket(shared: &Shared, continuity: &mut Continuity) -> Option<Link> {
    let until = Instant::now() + RESUME_WINDOW;
    while Instant::now() < until {
        match open(shared, &continuity.endpoint).await {
            Ok(socket) => {
                let mut link = Link::resumed(socket, shared.handshake(true), shared.options.server_timeout);
                continuity.incoming.resume();
                let sequence_id = continuity.outgoing.resume();
                let sequence = uncounted(link.protocol(), &HubMessage::Sequence { sequence_id });
                if replay(&mut link, &sequence, &mut continuity.outgoing).await.is_ok() {
                    return Some(link);
                }
            }
            Err(error) if error.is_permanent() => return None,
            Err(_) => sleep(RESUME_PAUSE).await,
        }
    }
    None
}

async fn replay(link: &mut Link, sequence: &[u8], outgoing: &mut Outgoing<Vec<u8>>) -> Result<(), Error> {
    link.send(sequence).await?;
    while let Some(record) = outgoing.transmit() {
        link.send(record).await?;
    }
    Ok(())
}
