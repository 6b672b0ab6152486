//! Bringing broadcasts to the online keys: in order, each once, and a key that does not answer holds up no other.

use std::time::Duration;

use contract::Broadcast;
use futures::{StreamExt, stream};
use serde_json::json;
use worker::Result;

use super::{Directory, calls::Announce, online::Behind};
use crate::{
    administration::calls::ReadBroadcasts,
    call::{self, REQUESTS_AT_ONCE},
    identifiers::now_millis,
    log,
    patience::in_time,
    virtual_key::calls::Deliver,
};

/// Keys told in one run of the alarm: an invocation may ask a thousand objects (Workers limits).
const KEYS_PER_RUN: usize = 500;

/// How long a key may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A key that failed is told again after one second, two, four, and so on up to this.
const LONGEST_PAUSE_MILLIS: i64 = 60_000;

/// Broadcasts kept in memory.
const MOST_KEPT: usize = 1_000;

impl Directory {
    /// Takes broadcasts; the alarm brings them to the keys, so that whoever announces need not wait.
    pub(super) async fn announce(&self, announce: Announce) -> Result<()> {
        let last = self.figures.last_broadcast()?;
        let new: Vec<Broadcast> = announce.broadcasts.into_iter().filter(|one| one.number > last).collect();
        if let Some(newest) = new.last() {
            self.figures.set_last_broadcast(newest.number)?;
            self.keep(new);
            self.alarm_clock.ring_by(now_millis()).await?;
        }
        Ok(())
    }

    fn keep(&self, broadcasts: Vec<Broadcast>) {
        let mut kept = self.broadcasts.borrow_mut();
        kept.extend(broadcasts);
        let excess = kept.len().saturating_sub(MOST_KEPT);
        kept.drain(..excess);
    }

    /// Brings the keys what they lack.
    pub(super) async fn fan_out(&self) -> Result<()> {
        let last = self.figures.last_broadcast()?;
        let behind = self.online.behind(last, now_millis(), KEYS_PER_RUN)?;
        stream::iter(behind).for_each_concurrent(REQUESTS_AT_ONCE, |behind| self.bring(behind)).await;
        if let Some(next) = self.online.next_try_millis(self.figures.last_broadcast()?)? {
            self.alarm_clock.ring_by(next.max(now_millis())).await?;
        }
        Ok(())
    }

    async fn bring(&self, behind: Behind) {
        let noted = match &in_time(PATIENCE, self.try_to_bring(&behind)).await {
            Ok(number) => self.online.brought(&behind.key, *number),
            Err(error) => {
                log::warn(
                    "a key could not be told a broadcast",
                    json!({ "virtualKeyId": behind.key, "error": error.to_string() }),
                );
                let doubled = u32::try_from(behind.failures).ok().and_then(|failures| 1_000_i64.checked_shl(failures));
                let pause =
                    doubled.filter(|pause| *pause > 0).unwrap_or(LONGEST_PAUSE_MILLIS).min(LONGEST_PAUSE_MILLIS);
                self.online.failed(&behind.key, now_millis() + pause)
            }
        };
        if let Err(error) = noted {
            log::error("a broadcast's delivery could not be noted", json!({ "error": error.to_string() }));
        }
    }

    /// Hands a key what it lacks, and returns the number of the last.
    async fn try_to_bring(&self, behind: &Behind) -> Result<i64> {
        let broadcasts = self.broadcasts_after(behind.broadcast).await?;
        let last = broadcasts.last().map_or(behind.broadcast, |broadcast| broadcast.number);
        let deliver = Deliver { virtual_key_id: behind.key.clone(), broadcasts };
        call::ask(&self.env, &deliver).await?;
        Ok(last)
    }

    async fn broadcasts_after(&self, number: i64) -> Result<Vec<Broadcast>> {
        let kept = |broadcasts: &[Broadcast]| -> Option<Vec<Broadcast>> {
            // Memory has all of them if it has the next one.
            let next = broadcasts.iter().position(|broadcast| broadcast.number == number + 1)?;
            broadcasts.get(next..).map(<[Broadcast]>::to_vec)
        };
        if let Some(found) = kept(&self.broadcasts.borrow()) {
            return Ok(found);
        }
        let read = ReadBroadcasts { after: number, through: self.figures.last_broadcast()? };
        Ok(call::ask(&self.env, &read).await?)
    }
}
