//! `Resume`: a client that lost its connection gets its groups back on a new one, and what it missed.
//!
//! Who asked for a token has its groups in storage from then on, since attachments die with their sockets. A token
//! is a secret of which only the SHA-256 is kept; it is good for one use, for as long as the journal reaches.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    future::Future,
    rc::Rc,
};

use contract::{
    NameArgument, Notification,
    key_secret::sha256_hex,
    resume::{GET_RESUME_TOKEN, INVALID_RESUME_TOKEN, RESUME, ResumeToken, Resumed},
};
use futures::future::LocalBoxFuture;
use signalr_durable::{Caller, Hub, HubError, Methods, Optional};
use subtle::ConstantTimeEq;
use worker::{Result, SqlStorage};

use super::{Desk, Journal, outgoing::Outgoing};
use crate::{
    identifiers::{now_millis, random_bytes},
    rows, server_options,
    tables::Tables,
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS resume_connection (
        id TEXT PRIMARY KEY,
        hub TEXT NOT NULL,
        claims TEXT NOT NULL,
        secret_sha256 TEXT NOT NULL,
        issued_at_millis INTEGER NOT NULL,
        told_through_id TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS resume_group (
        connection TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (connection, name)
    ) WITHOUT ROWID";

/// Events replayed at the most: what is older than that is fetched by `GET /v1/history`.
const MOST_REPLAYED: usize = 10_000;

/// A hub of an object with a desk: its connections can be resumed.
pub(crate) trait DeskHub: Hub {
    /// Which hub it is.
    const HUB: &'static contract::Hub;

    /// What its hubs share.
    fn desk(&self) -> &Desk;

    /// Runs before a replay: the place to bring the journal up to date.
    fn before_replay(self: Rc<Self>) -> impl Future<Output = std::result::Result<(), HubError>> {
        async { Ok(()) }
    }

    /// Whether the caller wants a notification that it missed.
    fn wants(&self, #[expect(unused_variables, reason = "everything is wanted")] notification: &Notification) -> bool {
        true
    }

    /// Tells the caller what no journal has of the groups it is in again: the latest progress.
    fn after_replay(
        &self,
        #[expect(unused_variables, reason = "there is nothing to tell")] caller: &Caller,
    ) -> std::result::Result<(), HubError> {
        Ok(())
    }
}

/// A hub whose connections can be resumed, whichever it is: what is long here is written for all of them once.
trait Resumable {
    fn declaration(&self) -> &'static contract::Hub;
    fn shared(&self) -> &Desk;
    fn prepared(self: Rc<Self>) -> LocalBoxFuture<'static, std::result::Result<(), HubError>>;
    fn is_wanted(&self, notification: &Notification) -> bool;
    fn catch_up(&self, caller: &Caller) -> std::result::Result<(), HubError>;
}

impl<H: DeskHub> Resumable for H {
    fn declaration(&self) -> &'static contract::Hub {
        H::HUB
    }

    fn shared(&self) -> &Desk {
        self.desk()
    }

    fn prepared(self: Rc<Self>) -> LocalBoxFuture<'static, std::result::Result<(), HubError>> {
        Box::pin(self.before_replay())
    }

    fn is_wanted(&self, notification: &Notification) -> bool {
        self.wants(notification)
    }

    fn catch_up(&self, caller: &Caller) -> std::result::Result<(), HubError> {
        self.after_replay(caller)
    }
}

/// Registers the methods that every hub has.
pub(crate) fn with_resume<H: DeskHub>(methods: &mut Methods<H>) -> &mut Methods<H> {
    methods.on(GET_RESUME_TOKEN.name, get_resume_token::<H>).on(RESUME.name, resume::<H>)
}

async fn get_resume_token<H: DeskHub>(hub: Rc<H>, caller: Caller) -> std::result::Result<ResumeToken, HubError> {
    issue(&*hub, &caller)
}

fn resume<H: DeskHub>(
    hub: Rc<H>,
    caller: Caller,
    token: NameArgument,
    Optional(last_event_id): Optional<String>,
) -> LocalBoxFuture<'static, std::result::Result<Resumed, HubError>> {
    Box::pin(replay(hub, caller, token, last_event_id))
}

fn issue(hub: &dyn Resumable, caller: &Caller) -> std::result::Result<ResumeToken, HubError> {
    let desk = hub.shared();
    let secret = random_bytes::<24>().map_err(HubError::internal)?;
    let secret = hex(&secret);
    desk.resumption.issue(hub.declaration(), caller, &secret, &desk.journal).map_err(HubError::internal)?;
    let connection_id = caller.connection_id().to_owned();
    Ok(ResumeToken { resume_token: format!("{connection_id}.{secret}"), connection_id })
}

async fn replay(
    hub: Rc<dyn Resumable>,
    caller: Caller,
    token: NameArgument,
    last_event_id: Option<String>,
) -> std::result::Result<Resumed, HubError> {
    let refused = || HubError::from(INVALID_RESUME_TOKEN);
    let (declaration, desk) = (hub.declaration(), hub.shared());
    let (id, secret) = token.id().and_then(|token| token.split_once('.')).ok_or_else(refused)?;
    let row = desk.resumption.read(id).map_err(HubError::internal)?.ok_or_else(refused)?;
    let is_own = bool::from(row.secret_sha256.as_bytes().ct_eq(sha256_hex(secret).as_bytes()));
    let clients = caller.clients();
    // A token that allows less must not get what that one had.
    let may_resume = server_options::keeps_permissions(&row.claims, caller.claims());
    if !is_own || id == caller.connection_id() || row.hub != declaration.name || !may_resume {
        return Err(refused());
    }
    hub.clone().prepared().await?;
    // From here on nothing awaits: what happens meanwhile comes after what is replayed.
    // A second use of the token that raced this one finds it used.
    if !desk.resumption.take(id).map_err(HubError::internal)? {
        return Err(refused());
    }
    // Whoever holds the token is the client: what is left of its old connection is nobody's.
    clients.close(id, None, false);
    let after = last_event_id.unwrap_or(row.told_through_id);
    let journal = &desk.journal;
    let reaches = journal.reaches_back_to(&after).map_err(HubError::internal)?;
    let (missed, is_all) = journal.after(Some(&after), MOST_REPLAYED).map_err(HubError::internal)?;
    for group in &row.groups {
        desk.join(&caller, group)?;
    }
    let groups: HashSet<Rc<str>> = caller.groups().into_iter().collect();
    let is_missed = |notification: &&Notification| {
        notification.hub == declaration
            && notification.groups.iter().any(|group| groups.contains(group.as_str()))
            && hub.is_wanted(notification)
    };
    let mut replayed = 0;
    for notification in missed.iter().filter(is_missed) {
        caller.send(Outgoing(notification))?;
        replayed += 1;
    }
    hub.catch_up(&caller)?;
    desk.resumption.count();
    Ok(Resumed { recovered: reaches && is_all, restored_groups: row.groups, replayed })
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a string cannot fail.
        let _always_ok = write!(text, "{byte:02x}");
        text
    })
}

/// A connection that may be resumed.
pub(crate) struct ResumeRow {
    hub: String,
    claims: String,
    secret_sha256: String,
    told_through_id: String,
    groups: Vec<String>,
}

/// The connections of an object that may be resumed.
pub(crate) struct Resumption {
    tables: Tables,
    /// The ids of connections that have a row, so that all others cost nothing.
    known: RefCell<Option<HashSet<String>>>,
    /// How many connections were resumed since the object woke.
    resumed: Cell<u64>,
}

impl Resumption {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), known: RefCell::default(), resumed: Cell::default() }
    }

    /// How many connections were resumed since the object woke.
    pub(crate) fn resumed(&self) -> u64 {
        self.resumed.get()
    }

    fn count(&self) {
        self.resumed.set(self.resumed.get() + 1);
    }

    fn issue(&self, hub: &contract::Hub, caller: &Caller, secret: &str, journal: &Journal) -> Result<()> {
        let id = caller.connection_id();
        let is_new = !self.knows(id)?;
        let row = vec![
            id.into(),
            hub.name.into(),
            caller.claims().into(),
            sha256_hex(secret).into(),
            now_millis().into(),
            journal.last_id()?.unwrap_or_default().into(),
        ];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO resume_connection VALUES (?, ?, ?, ?, ?, ?)", row)?;
        if is_new {
            for group in caller.groups() {
                self.write_group(id, &group)?;
            }
            self.known.borrow_mut().get_or_insert_default().insert(id.to_owned());
        }
        Ok(())
    }

    /// Remembers a group of a connection that may be resumed.
    pub(crate) fn joined(&self, connection: &str, group: &str) -> Result<()> {
        if self.knows(connection)? { self.write_group(connection, group) } else { Ok(()) }
    }

    fn write_group(&self, connection: &str, group: &str) -> Result<()> {
        let row = vec![connection.into(), group.into()];
        rows::run(self.tables.sql()?, "INSERT OR IGNORE INTO resume_group VALUES (?, ?)", row)
    }

    /// Forgets a group of a connection that may be resumed.
    pub(crate) fn left(&self, connection: &str, group: &str) -> Result<()> {
        if !self.knows(connection)? {
            return Ok(());
        }
        let row = vec![connection.into(), group.into()];
        rows::run(self.tables.sql()?, "DELETE FROM resume_group WHERE connection = ? AND name = ?", row)
    }

    fn knows(&self, connection: &str) -> Result<bool> {
        if let Some(known) = self.known.borrow().as_ref() {
            return Ok(known.contains(connection));
        }
        let rows = rows::all(self.tables.sql()?, "SELECT id FROM resume_connection", Vec::new())?;
        let known: HashSet<String> = rows.into_iter().map(|mut row| row.text()).collect();
        let is_known = known.contains(connection);
        self.known.replace(Some(known));
        Ok(is_known)
    }

    fn read(&self, connection: &str) -> Result<Option<ResumeRow>> {
        let sql = self.tables.sql()?;
        let query = "SELECT hub, claims, secret_sha256, told_through_id FROM resume_connection WHERE id = ?";
        let Some(mut row) = rows::first(sql, query, vec![connection.into()])? else { return Ok(None) };
        let groups = "SELECT name FROM resume_group WHERE connection = ? ORDER BY name";
        let groups = rows::all(sql, groups, vec![connection.into()])?;
        Ok(Some(ResumeRow {
            hub: row.text(),
            claims: row.text(),
            secret_sha256: row.text(),
            told_through_id: row.text(),
            groups: groups.into_iter().map(|mut row| row.text()).collect(),
        }))
    }

    /// Uses up a token; false if it was used already.
    fn take(&self, connection: &str) -> Result<bool> {
        let is_there = self.knows(connection)?;
        if is_there {
            self.remove(connection)?;
        }
        Ok(is_there)
    }

    fn remove(&self, connection: &str) -> Result<()> {
        let sql = self.tables.sql()?;
        rows::run(sql, "DELETE FROM resume_connection WHERE id = ?", vec![connection.into()])?;
        rows::run(sql, "DELETE FROM resume_group WHERE connection = ?", vec![connection.into()])?;
        if let Some(known) = self.known.borrow_mut().as_mut() {
            known.remove(connection);
        }
        Ok(())
    }

    /// Drops tokens issued before a time. True if any are left.
    ///
    /// A connection that lives longer than the journal asks for another one in time, or has lost what it would miss.
    pub(super) fn sweep(&self, issued_before_millis: i64) -> Result<bool> {
        let query = "SELECT id FROM resume_connection WHERE issued_at_millis < ?";
        let old = rows::all(self.tables.sql()?, query, vec![issued_before_millis.into()])?;
        for mut row in old {
            self.remove(&row.text())?;
        }
        Ok(rows::first(self.tables.sql()?, "SELECT 1 FROM resume_connection LIMIT 1", Vec::new())?.is_some())
    }

    /// Storage was erased.
    pub(super) fn forget(&self) {
        self.tables.forget();
        self.known.replace(None);
    }
}
