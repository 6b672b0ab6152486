//! The hub: what clients may invoke, and what the others hear of it.
//!
//! | clients invoke | and get |
//! |---|---|
//! | `Join(name)` | the names of who is here; from now on they hear what happens |
//! | `Who()` | those names again |
//! | `Say(text)` | nothing; everybody hears `Said` |
//! | `Typing()` | nothing; the others hear `Typing` |
//! | `Dictate(stream of words)` | nothing; the others hear `Dictating` after each word, and everybody `Said` at the end |
//! | `History(last)` | a stream of the last messages, oldest first |
//! | `Poll(question)` | a stream of tallies, one after each vote; every client is asked `Vote(name, question)` |
//!
//! | clients hear | when |
//! |---|---|
//! | `Said({id, name, text, at})` | a message was stored; `at` is in milliseconds since the epoch |
//! | `Joined(name)`, `Left(name)` | somebody has come or gone |
//! | `Typing(name)` | somebody types |
//! | `Dictating(connection, name, text)` | somebody dictates, with the text so far; empty when it is over |

use std::rc::Rc;

use futures::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, FuturesUnordered},
};
use signalr_durable::{Caller, Clients, Hub, HubError, Methods, Upload};
use worker::Date;

use crate::{
    ballot::Tally,
    limits,
    records::{Message, Records},
};

/// The group of those who have joined: a connection that only looks in hears nothing.
const MEMBERS: &str = "members";

/// How many messages are read from storage at once.
const PAGE: u32 = 50;

/// The hub of a room. Its memory ends whenever the object sleeps, so all that matters is in the records.
pub(crate) struct Chat {
    records: Records,
}

impl Hub for Chat {
    fn methods(methods: &mut Methods<Self>) {
        methods
            .on("Join", Self::join)
            .on("Who", Self::who)
            .on("Say", Self::say)
            .on("Typing", Self::typing)
            .on("Dictate", Self::dictate)
            .stream("History", Self::history)
            .stream("Poll", Self::poll);
    }

    async fn disconnected(self: Rc<Self>, caller: Caller) {
        let connection = caller.connection_id();
        match self.records.remove_member(connection) {
            Ok(Some(name)) => tell(&caller.clients(), "Left", &name),
            Ok(None) => {}
            Err(error) => worker::console_error!("{connection} has left, which could not be stored: {error}"),
        }
    }
}

impl Chat {
    pub(crate) fn new(records: Records) -> Self {
        Self { records }
    }

    async fn join(self: Rc<Self>, caller: Caller, name: String) -> Result<Vec<String>, HubError> {
        let name = limits::name(&name)?;
        if self.records.name_of(caller.connection_id()).map_err(HubError::internal)?.is_some() {
            return Err("You have joined already.".into());
        }
        self.records.add_member(caller.connection_id(), name).map_err(HubError::internal)?;
        caller.join(MEMBERS)?;
        caller.others_in_group(MEMBERS).send(("Joined", (name,)))?;
        self.names()
    }

    async fn who(self: Rc<Self>, _caller: Caller) -> Result<Vec<String>, HubError> {
        self.names()
    }

    async fn say(self: Rc<Self>, caller: Caller, text: String) -> Result<(), HubError> {
        let name = self.name_of(&caller)?;
        self.publish(&caller.clients(), &name, &text)
    }

    async fn typing(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        let name = self.name_of(&caller)?;
        caller.others_in_group(MEMBERS).send(("Typing", (name,)))?;
        Ok(())
    }

    /// Client-to-server streaming: the client invokes this with a stream for its argument.
    async fn dictate(self: Rc<Self>, caller: Caller, words: Upload<String>) -> Result<(), HubError> {
        let name = self.name_of(&caller)?;
        let dictated = take_down(&caller, &name, words).await;
        // However it ended, it is over.
        caller.others_in_group(MEMBERS).send(("Dictating", (caller.connection_id(), &name, "")))?;
        self.publish(&caller.clients(), &name, &dictated?)
    }

    /// Server-to-client streaming. The stream is asked for more as fast as the client reads, so a long history is
    /// never in memory as a whole; when the client cancels it or goes, it is dropped.
    async fn history(
        self: Rc<Self>,
        _caller: Caller,
        last: u32,
    ) -> Result<impl Stream<Item = Result<Message, HubError>>, HubError> {
        let after = self.records.id_before_last(last).map_err(HubError::internal)?;
        let pages = stream::try_unfold(after, move |after| std::future::ready(self.page(after)));
        Ok(pages.map_ok(|page| stream::iter(page).map(Ok)).try_flatten())
    }

    /// Client results and server-to-client streaming: everybody is asked at the same time, and the caller sees the
    /// tally grow.
    async fn poll(
        self: Rc<Self>,
        caller: Caller,
        question: String,
    ) -> Result<impl Stream<Item = Result<Tally, HubError>>, HubError> {
        let name = self.name_of(&caller)?;
        limits::text(&question)?;
        let members = self.records.members().map_err(HubError::internal)?;
        let asked = members.len();
        let votes: FuturesUnordered<_> = members
            .into_iter()
            .map(|connection| {
                let (clients, name, question) = (caller.clients(), name.clone(), question.clone());
                // Who goes, has no such handler, fails or takes too long has no opinion.
                async move { clients.invoke::<Option<bool>>(&connection, "Vote", (name, question)).await.ok().flatten() }
            })
            .collect();
        Ok(votes.scan(Tally::of(asked), |tally, vote| {
            tally.count(vote);
            std::future::ready(Some(Ok(*tally)))
        }))
    }

    /// Strikes those off whose connection is gone, and tells the others.
    pub(crate) fn strike_off(&self, clients: &Clients, is_gone: impl Fn(&str) -> bool) -> worker::Result<()> {
        for connection in self.records.members()? {
            if is_gone(&connection)
                && let Some(name) = self.records.remove_member(&connection)?
            {
                tell(clients, "Left", &name);
            }
        }
        Ok(())
    }

    /// The messages after an id and the last one's id; none at the end.
    fn page(&self, after: i64) -> Result<Option<(Vec<Message>, i64)>, HubError> {
        let page = self.records.page(after, PAGE).map_err(HubError::internal)?;
        Ok(page.last().map(|last| last.id).map(|last| (page, last)))
    }

    fn names(&self) -> Result<Vec<String>, HubError> {
        self.records.names().map_err(HubError::internal)
    }

    fn name_of(&self, caller: &Caller) -> Result<String, HubError> {
        let name = self.records.name_of(caller.connection_id()).map_err(HubError::internal)?;
        name.ok_or_else(|| HubError::refused("Join first."))
    }

    /// Stores a message and sends it to everybody. The platform lets nothing out before it is stored.
    fn publish(&self, clients: &Clients, name: &str, text: &str) -> Result<(), HubError> {
        let message = self.records.add_message(name, limits::text(text)?, now_millis()).map_err(HubError::internal)?;
        clients.group(MEMBERS).send(("Said", (message,)))?;
        Ok(())
    }
}

/// Listens to the words until they end, and lets the others watch.
async fn take_down(caller: &Caller, name: &str, mut words: Upload<String>) -> Result<String, HubError> {
    let mut text = String::new();
    while let Some(word) = words.next().await {
        // An error says that the client has given up, or is gone.
        let word = word?;
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word.trim());
        limits::text(&text)?;
        caller.others_in_group(MEMBERS).send(("Dictating", (caller.connection_id(), name, &text)))?;
    }
    Ok(text)
}

fn tell(clients: &Clients, event: &str, name: &str) {
    if let Err(error) = clients.group(MEMBERS).send((event, (name,))) {
        worker::console_error!("nobody could be told {event} of {name}: {error}");
    }
}

// 285 million years pass before milliseconds leave an i64.
#[allow(clippy::cast_possible_wrap)]
fn now_millis() -> i64 {
    Date::now().as_millis() as i64
}
