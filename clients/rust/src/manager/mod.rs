//! The one place of a program that connects to Conduit's hubs.

mod history;
mod hub_name;
mod metrics;
mod seen;
mod session;
mod subscriptions;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use signalr::Arguments;
use tokio::sync::broadcast;

use self::history::Api;
pub use self::hub_name::{HubKey, HubName};
pub use self::metrics::{HubMetrics, Timing};
use self::session::HubSession;
use crate::connection::parse;
use crate::{
    AccessToken, ClientResult, ConnectionOptions, ConnectionState, ConnectionStatus, Error, Event, HandlerId,
    HubConnection, HubStream,
};

/// Changes that are kept for who is slow to read them; who is slower misses the oldest.
const MOST_CHANGES: usize = 256;

/// Where the hubs are, and what opens them.
#[derive(Debug, Clone, Default)]
pub struct ManagerOptions {
    /// Where Conduit is, such as `https://conduit.example.com`.
    pub api_base_url: String,
    /// Where the hubs of the master key are, if not there.
    pub admin_api_base_url: Option<String>,
    /// Opens the hubs of a virtual key: the key, or a client token of it.
    pub virtual_key: Option<AccessToken>,
    /// Opens the hubs of operators.
    pub master_key: Option<AccessToken>,
    /// How connections behave; their access token is one of the keys.
    pub connection: ConnectionOptions,
    /// What the address of each hub gets as its query besides `meta=1`, such as `dialect=conduit`.
    pub query: String,
}

/// Where the connection of a hub stands, and what it has done.
#[derive(Debug, Clone, PartialEq)]
pub struct HubConnectionInfo {
    /// The hub.
    pub hub: HubName,
    /// Where it stands.
    pub status: ConnectionStatus,
    /// What it has done.
    pub metrics: HubMetrics,
}

impl HubConnectionInfo {
    /// Whether it is there.
    pub fn is_connected(&self) -> bool {
        self.status.state == ConnectionState::Connected
    }
}

/// The state of a hub's connection has changed, or another attempt to make it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionStateChanged {
    /// The hub.
    pub hub: HubName,
    /// The state before.
    pub previous_state: ConnectionState,
    /// How it is now.
    pub status: ConnectionStatus,
    /// After a reconnect: whether nothing was missed. Where it is false, what is shown must be read anew.
    pub recovered: Option<bool>,
}

/// One connection for each hub, shared by all parts of a program.
///
/// A connection that is lost comes back by itself, with its handlers, its subscriptions and the events that it missed,
/// each once; what is called meanwhile waits its turn.
///
/// ```no_run
/// # async fn example() -> Result<(), conduit_client::Error> {
/// use conduit_client::{ManagerOptions, SignalRConnectionManager};
///
/// let conduit = SignalRConnectionManager::new(ManagerOptions {
///     api_base_url: "http://127.0.0.1:8787".to_owned(),
///     virtual_key: Some("condt_…".into()),
///     ..ManagerOptions::default()
/// })?;
/// conduit.on("tasks", "TaskCompleted", |event| println!("{:?}", event.json()))?;
/// conduit.connect_to_hub("tasks").await?;
/// conduit.invoke::<()>("tasks", "SubscribeToTaskType", ("*",)).await?;
/// println!("{:?}", conduit.hub_metrics("tasks")?);
/// # Ok(())
/// # }
/// ```
///
/// Hubs have names by route (`spend`), by the other route (`spend-notifications`) and by class (`SpendNotificationHub`);
/// all of them mean the same connection. Events that have arguments get one more, last: `{timestamp, eventId,
/// correlationId?}`. How handlers are called, [`HubConnection`] says.
pub struct SignalRConnectionManager {
    options: Mutex<ManagerOptions>,
    sessions: Mutex<BTreeMap<String, Arc<HubSession>>>,
    changes: broadcast::Sender<ConnectionStateChanged>,
}

impl SignalRConnectionManager {
    /// Makes a manager that has no connections yet.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidAddress`] where an address is none.
    pub fn new(options: ManagerOptions) -> Result<Self, Error> {
        for address in [Some(&options.api_base_url), options.admin_api_base_url.as_ref()].into_iter().flatten() {
            parse(address)?;
        }
        let (changes, _) = broadcast::channel(MOST_CHANGES);
        Ok(Self { options: Mutex::new(options), sessions: Mutex::default(), changes })
    }

    /// Connects to a hub with the key that opens it, and waits until it is there. Who asks meanwhile, or later, gets the
    /// same connection.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NoKey`], or why the last attempt failed.
    pub async fn connect_to_hub(&self, hub: &str) -> Result<HubConnectionInfo, Error> {
        self.connect_to_hub_with(hub, None, None).await
    }

    /// Connects to a hub with a key of its own and options of its own.
    ///
    /// # Errors
    ///
    /// As [`connect_to_hub`](Self::connect_to_hub).
    pub async fn connect_to_hub_with(
        &self,
        hub: &str,
        access_token: Option<AccessToken>,
        options: Option<ConnectionOptions>,
    ) -> Result<HubConnectionInfo, Error> {
        let session = self.session(hub)?;
        let (base, url, options) = self.target(&session.hub, access_token, options)?;
        let has_history = session.hub.key() == HubKey::Virtual && session.hub.class().is_some();
        let connect = || {
            let (token, after) = (options.access_token.clone(), options.connect_timeout);
            let connection = HubConnection::new(&url, options)?;
            let api = Api { network: connection.network(), base: parse(&base)?, token, after };
            Ok((connection, has_history.then_some(api)))
        };
        session.connect(connect).await?;
        Ok(session.info())
    }

    /// Ends the connection of a hub. Handlers and subscriptions stay, for the next one.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidHub`].
    pub async fn disconnect_from_hub(&self, hub: &str) -> Result<(), Error> {
        self.session(hub)?.disconnect().await;
        Ok(())
    }

    /// Ends all connections.
    pub async fn disconnect_all(&self) {
        let sessions: Vec<_> = self.sessions().values().cloned().collect();
        join_all(sessions.iter().map(|session| session.disconnect())).await;
    }

    /// Sets the key of the hubs that a virtual key opens. Those that are connected stay so with the old one until they are
    /// disconnected.
    pub fn set_virtual_key(&self, key: impl Into<AccessToken>) {
        self.options().virtual_key = Some(key.into());
    }

    /// Sets the key of operators' hubs, likewise.
    pub fn set_master_key(&self, key: impl Into<AccessToken>) {
        self.options().master_key = Some(key.into());
    }

    /// Where a hub's connection stands.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidHub`].
    pub fn connection_state(&self, hub: &str) -> Result<ConnectionState, Error> {
        Ok(self.connection_info(hub)?.status.state)
    }

    /// Where a hub's connection stands, and what it has done.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidHub`].
    pub fn connection_info(&self, hub: &str) -> Result<HubConnectionInfo, Error> {
        Ok(self.session(hub)?.info())
    }

    /// What a hub's connection has done.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidHub`].
    pub fn hub_metrics(&self, hub: &str) -> Result<HubMetrics, Error> {
        Ok(self.connection_info(hub)?.metrics)
    }

    /// Every hub that the program has named, connected or not.
    pub fn connections(&self) -> Vec<HubConnectionInfo> {
        self.sessions().values().map(|session| session.info()).collect()
    }

    /// Tells of each change of a connection from now on.
    pub fn changes(&self) -> broadcast::Receiver<ConnectionStateChanged> {
        self.changes.subscribe()
    }

    /// Calls `handler` for each event of that name, on every connection to the hub from now on; it may be registered
    /// before there is one.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidHub`].
    pub fn on(
        &self,
        hub: &str,
        event: &str,
        handler: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Result<HandlerId, Error> {
        Ok(self.session(hub)?.handlers.add(Some(event), Arc::new(handler)))
    }

    /// Calls `handler` for every event of a hub, likewise.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidHub`].
    pub fn on_any(&self, hub: &str, handler: impl Fn(&Event) + Send + Sync + 'static) -> Result<HandlerId, Error> {
        Ok(self.session(hub)?.handlers.add(None, Arc::new(handler)))
    }

    /// Removes a handler of a hub, and says whether it was there.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidHub`].
    pub fn off(&self, hub: &str, handler: HandlerId) -> Result<bool, Error> {
        Ok(self.session(hub)?.handlers.remove(handler))
    }

    /// Calls a method as soon as the hub is connected, and waits for what it answers. Calls go out in the order in which
    /// they were made. One that subscribes, or ends a subscription, is made again where the connection was lost before its
    /// answer; others fail then, as nobody knows whether they took effect.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownHub`] where nobody has connected to it, and otherwise what
    /// [`HubConnection::invoke`] does.
    pub async fn invoke<T: DeserializeOwned>(
        &self,
        hub: &str,
        method: &str,
        arguments: impl Arguments + Send + Sync,
    ) -> Result<T, Error> {
        self.session(hub)?.invoke(method, &arguments).await
    }

    /// Calls a method as soon as the hub is connected, and asks for no answer.
    ///
    /// # Errors
    ///
    /// As [`invoke`](Self::invoke).
    pub async fn send(&self, hub: &str, method: &str, arguments: impl Arguments + Send + Sync) -> Result<(), Error> {
        self.session(hub)?.send(method, arguments).await
    }

    /// Calls a method that answers with a stream, which ends with the connection.
    ///
    /// # Errors
    ///
    /// As [`HubConnection::stream`].
    pub async fn stream<T: DeserializeOwned>(
        &self,
        hub: &str,
        method: &str,
        arguments: impl Arguments + Send,
    ) -> Result<HubStream<T>, Error> {
        let session = self.session(hub)?;
        session.ready().await?.stream(method, arguments).await
    }

    /// Answers what a connected hub asks its client under that name, until the hub is disconnected.
    ///
    /// # Errors
    ///
    /// As [`invoke`](Self::invoke).
    pub async fn answer<F, A>(&self, hub: &str, method: &str, answer: F) -> Result<(), Error>
    where
        F: Fn(Event) -> A + Send + Sync + 'static,
        A: Future<Output = ClientResult> + Send + 'static,
    {
        self.session(hub)?.ready().await?.answer(method, answer);
        Ok(())
    }

    fn session(&self, hub: &str) -> Result<Arc<HubSession>, Error> {
        let hub = HubName::parse(hub)?;
        let mut sessions = self.sessions();
        let make = || Arc::new(HubSession::new(hub.clone(), self.changes.clone()));
        Ok(Arc::clone(sessions.entry(hub.route().to_owned()).or_insert_with(make)))
    }

    /// The server and the address of a hub, and how to connect to it.
    fn target(
        &self,
        hub: &HubName,
        access_token: Option<AccessToken>,
        options: Option<ConnectionOptions>,
    ) -> Result<(String, String, ConnectionOptions), Error> {
        let own = self.options();
        let (base, key) = match hub.key() {
            HubKey::Virtual => (&own.api_base_url, &own.virtual_key),
            HubKey::Master => (own.admin_api_base_url.as_ref().unwrap_or(&own.api_base_url), &own.master_key),
        };
        let no_key = || Error::NoKey { hub: hub.route().to_owned(), key: hub.key().name() };
        let access_token = access_token.or_else(|| key.clone()).ok_or_else(no_key)?;
        let extra = if own.query.is_empty() { String::new() } else { format!("&{}", own.query) };
        let url = format!("{}/hubs/{}?meta=1{extra}", base.trim_end_matches('/'), hub.route());
        let options = options.unwrap_or_else(|| own.connection.clone());
        Ok((base.clone(), url, ConnectionOptions { access_token, ..options }))
    }

    fn options(&self) -> MutexGuard<'_, ManagerOptions> {
        self.options.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<String, Arc<HubSession>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager() -> SignalRConnectionManager {
        let api_base_url = "http://127.0.0.1:9/".to_owned();
        SignalRConnectionManager::new(ManagerOptions { api_base_url, ..ManagerOptions::default() }).unwrap()
    }

    #[tokio::test]
    async fn a_hub_needs_its_key_and_to_be_connected_to() {
        let conduit = manager();
        conduit.set_virtual_key("x");
        let no_key = Error::NoKey { hub: "metrics".to_owned(), key: "master" };
        assert_eq!(conduit.connect_to_hub("MetricsHub").await, Err(no_key));
        let unknown = Err(Error::UnknownHub("tasks".to_owned()));
        assert_eq!(conduit.invoke::<()>("TaskHub", "X", ()).await, unknown);
        assert_eq!(conduit.connections().len(), 2);
    }

    #[test]
    fn every_name_of_a_hub_leads_to_one_address() {
        let conduit = manager();
        conduit.set_virtual_key("x");
        let (_, url, _) = conduit.target(&HubName::parse("spend-notifications").unwrap(), None, None).unwrap();
        assert_eq!(url, "http://127.0.0.1:9/hubs/spend?meta=1");
    }
}
