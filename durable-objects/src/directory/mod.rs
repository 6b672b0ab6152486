//! Which virtual keys are online: shards that bring them broadcasts, lend them places among the connections that the
//! whole system may have, and add up what they carried.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

pub(crate) mod calls;
mod fan_out;
mod figures;
mod online;
mod places;
mod sessions;

use std::{
    cell::{Cell, RefCell},
    panic::RefUnwindSafe,
};

use contract::{Broadcast, MetricsSnapshot};
use worker::{
    DurableObject, Env, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

use self::{
    calls::{
        Announce, Borrow, Count, EndAnySession, Enter, Entered, GiveBack, ListAllSessions, ListOnline, PingDirectory,
        ReadShard, Report, shard_of,
    },
    figures::Figures,
    online::Online,
    places::{Places, block},
};
use crate::{
    alarm_clock::AlarmClock,
    call::{self, Answering, ObjectCall},
    configuration::{self, Configuration, ConfigurationError},
    identifiers::{Turns, now_millis},
    lease::{self, LEASE_PATH, LeaseEnd, Leases},
};

/// A key that was not heard of for so long is not online: its object says so at least every half hour.
const LEASE_MILLIS: i64 = 90 * 60_000;

/// One shard of the directory.
#[durable_object]
pub struct Directory {
    online: Online,
    places: Places,
    turns: Turns,
    /// The turn in which places were given back last.
    gave_back_turn: Cell<i64>,
    /// The first shard may not have heard of what was given back: nobody knows after a restart.
    owes_places: Cell<bool>,
    leases: Leases,
    figures: Figures,
    /// Broadcasts that some key may lack, oldest first; those that memory lost are asked for again.
    broadcasts: RefCell<Vec<Broadcast>>,
    alarm_clock: AlarmClock,
    configuration: std::result::Result<Configuration, ConfigurationError>,
    env: Env,
}

// A panic leaves no half-done state behind: rows are written in one turn, and what memory holds is a cache.
impl RefUnwindSafe for Directory {}

impl DurableObject for Directory {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        Self {
            leases: Leases::new(&state),
            online: Online::new(storage.sql()),
            places: Places::new(storage.sql()),
            turns: Turns::default(),
            gave_back_turn: Cell::default(),
            owes_places: Cell::new(true),
            figures: Figures::new(storage.sql()),
            broadcasts: RefCell::default(),
            alarm_clock: AlarmClock::new(storage),
            configuration: configuration::read(&env),
            env,
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let answer: Answering<'_> = match request.path().as_str() {
            Enter::PATH => call::serve(request, async |call: Enter| self.enter(&call).await),
            Report::PATH => call::serve(request, async |call: Report| self.report(&call).await),
            Announce::PATH => call::serve(request, async |call: Announce| self.announce(call).await),
            ReadShard::PATH => call::serve(request, async |_: ReadShard| {
                Ok(MetricsSnapshot { realtime_sessions: self.leases.count(), ..self.figures.read(&self.online)? })
            }),
            ListAllSessions::PATH => call::serve(request, async |call: ListAllSessions| self.sessions(&call)),
            EndAnySession::PATH => call::serve(request, async |call: EndAnySession| {
                Ok(self.leases.end(&call.connection_id, LeaseEnd::Operator))
            }),
            LEASE_PATH => Box::pin(self.lease(request)),
            ListOnline::PATH => {
                let list = |call: ListOnline| {
                    self.online.list(call.after.as_deref().unwrap_or_default(), call.limit, call.with_arriving)
                };
                call::serve(request, async move |call| list(call))
            }
            Count::PATH => call::serve(request, async |call: Count| self.figures.add(&call.carried)),
            Borrow::PATH => {
                let limit = self.configuration()?.max_connections_total;
                let lend = move |call: Borrow| self.places.lend(call.shard, call.places, call.turn, limit);
                call::serve(request, async move |call| lend(call))
            }
            GiveBack::PATH => {
                call::serve(request, async |call: GiveBack| self.places.take_back(call.shard, call.places, call.turn))
            }
            PingDirectory::PATH => call::serve(request, async |_: PingDirectory| Ok(())),
            _ => return Response::error("no such call", 404),
        };
        answer.await
    }

    async fn websocket_message(&self, _socket: WebSocket, _message: WebSocketIncomingMessage) -> Result<()> {
        // A lease says nothing: that it is there is all.
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, _reason: String, _was_clean: bool) -> Result<()> {
        lease::answer_close(&socket, code);
        Ok(())
    }

    async fn websocket_error(&self, _socket: WebSocket, _error: worker::Error) -> Result<()> {
        Ok(())
    }

    async fn alarm(&self) -> Result<Response> {
        self.alarm_clock.rang();
        self.fan_out().await?;
        self.online.sweep(now_millis() - LEASE_MILLIS)?;
        if let Some(oldest) = self.online.oldest_millis()? {
            self.alarm_clock.ring_by(oldest + LEASE_MILLIS).await?;
        }
        Response::empty()
    }
}

impl Directory {
    fn configuration(&self) -> Result<&Configuration> {
        self.configuration.as_ref().map_err(|error| worker::Error::RustError(error.to_string()))
    }

    /// Lends a key more places, if there are any.
    async fn enter(&self, enter: &Enter) -> Result<Entered> {
        let limit = self.configuration()?.max_connections_total;
        let key = &enter.virtual_key_id;
        let wanted = enter.places + enter.more.max(1);
        loop {
            let lacking = self.online.places_of_others(key)? + wanted;
            if self.places.borrowed()? >= lacking {
                break;
            }
            let (block, gave_back_turn) = (block(limit), self.gave_back_turn.get());
            self.borrow(shard_of(key), lacking.div_ceil(block).saturating_mul(block), limit).await?;
            // Whatever was given back meanwhile may be what is asked for.
            if self.gave_back_turn.get() == gave_back_turn {
                break;
            }
        }
        // Counted after the wait: others may have come meanwhile.
        let free = self.places.borrowed()?.saturating_sub(self.online.places_of_others(key)?);
        let places = free.min(wanted);
        if places <= enter.places {
            return Ok(Entered::Full { limit });
        }
        let last_broadcast = self.figures.last_broadcast()?;
        let (places, broadcast) = self.online.enter(key, places, last_broadcast, enter.turn, now_millis())?;
        self.alarm_clock.ring_by(now_millis() + LEASE_MILLIS).await?;
        Ok(Entered::Lent { places, broadcast })
    }

    /// Has this shard have so many places, if there are as many.
    async fn borrow(&self, shard: u8, places: u64, limit: u64) -> Result<()> {
        let turn = self.turns.next();
        let lent = if shard == 0 {
            self.places.lend(0, places, turn, limit)?
        } else {
            call::ask(&self.env, &Borrow { shard, places, turn }).await?
        };
        // What was given back since the question is not ours any more, whatever the answer says.
        if turn > self.gave_back_turn.get() {
            self.places.set_borrowed(lent.max(self.places.borrowed()?))?;
        }
        Ok(())
    }

    /// Gives back all but so many places: they are nobody's here before the first shard hears of it.
    async fn give_back(&self, shard: u8, kept: u64) -> Result<()> {
        let turn = self.turns.next();
        self.gave_back_turn.set(turn);
        self.owes_places.set(true);
        self.places.set_borrowed(kept.min(self.places.borrowed()?))?;
        if shard == 0 {
            self.places.take_back(0, kept, turn)?;
        } else {
            call::ask(&self.env, &GiveBack { shard, places: kept, turn }).await?;
        }
        self.owes_places.set(false);
        Ok(())
    }

    async fn report(&self, report: &Report) -> Result<()> {
        let key = &report.virtual_key_id;
        self.online.report(key, &report.connections, report.places, report.turn, now_millis())?;
        self.figures.add(&report.carried)?;
        // What lies idle goes back, but for a block to spare.
        let limit = self.configuration()?.max_connections_total;
        let used = self.online.places_of_others("")?;
        // Where a block is a single place, one that lies idle here is one too few elsewhere.
        let spare = u64::from(block(limit) > 1);
        let kept = (used.div_ceil(block(limit)) + spare).saturating_mul(block(limit));
        if self.places.borrowed()? > kept || self.owes_places.get() {
            self.give_back(shard_of(key), kept).await?;
        }
        Ok(())
    }
}
