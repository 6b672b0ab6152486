//! Taking in what comes through the queue: each batch in its place, and whatever waited for it after it.

use contract::KeyRecord;
use serde_json::json;
use worker::{Error, Result};

use super::{
    VirtualKey,
    calls::{Arrive, GiveUp, Numbers, TakeNumbers},
    draft::Draft,
    key_state::KeyState,
};
use crate::{identifiers::now_millis, log};

impl VirtualKey {
    /// Keeps places for events that go through the queue. None where there is no such key.
    pub(super) async fn take_numbers(&self, take: &TakeNumbers) -> Result<Option<Numbers>> {
        if !matches!(self.services.key.read(&take.virtual_key_id).await?, Some(KeyState::Known(_))) {
            return Ok(None);
        }
        let line = &self.services.line;
        let mut numbers = Vec::new();
        for _ in 0..take.count {
            let Some(number) = line.take_number(now_millis())? else {
                line.leave(&numbers)?;
                return Ok(Some(Numbers::LineIsFull));
            };
            numbers.push(number);
        }
        self.wind_line().await?;
        Ok(Some(Numbers::Taken(numbers)))
    }

    /// Takes events that came through the queue, and what waited for them. False where there is no such key.
    ///
    /// # Errors
    ///
    /// Storage failed, or the line is too long: all of them may be brought again, and each has its effect once.
    pub(super) async fn arrive(&self, arrive: &Arrive) -> Result<bool> {
        let Some(KeyState::Known(record)) = self.services.key.read(&arrive.virtual_key_id).await? else {
            return Ok(false);
        };
        let line = &self.services.line;
        for batch in &arrive.batches {
            let has_place = match batch.number {
                Some(number) => line.arrive(number, &batch.events, batch.accepted_at_millis)?,
                None => false,
            };
            if !has_place && !line.join(&batch.events, batch.accepted_at_millis, now_millis())? {
                return Err(Error::RustError("the line of the key is too long".to_owned()));
            }
        }
        self.move_up(&record).await?;
        Ok(true)
    }

    /// Waits no longer for events that will not come.
    pub(super) async fn give_up(&self, give_up: &GiveUp) -> Result<()> {
        let Some(KeyState::Known(record)) = self.services.key.stored()? else { return Ok(()) };
        self.services.line.leave(&give_up.numbers)?;
        self.move_up(&record).await
    }

    /// Applies the events at the head of the line, as far as they are here.
    pub(super) async fn move_up(&self, record: &KeyRecord) -> Result<()> {
        let services = &*self.services;
        loop {
            let given_up_before_millis = now_millis() - services.order_wait_millis()?;
            let batches = services.line.ready(given_up_before_millis, |number| {
                log::warn("events that went into the queue did not come out in time", json!({ "number": number }));
            })?;
            if batches.is_empty() {
                return self.wind_line().await;
            }
            let mut draft = Draft::new(services, now_millis());
            let mut counts = Vec::with_capacity(batches.len());
            for batch in &batches {
                let taken = self.take_all(&mut draft, record, &batch.events)?;
                counts.push(taken.iter().filter(|taken| taken.is_effective()).count());
            }
            draft.leave_line(batches.iter().map(|batch| batch.number).collect());
            draft.commit()?;
            draft.send();
            self.server.flush();
            for (batch, count) in batches.iter().zip(counts) {
                services.presence.note_latency(now_millis() - batch.accepted_at_millis, count);
            }
            self.follow_up(&draft).await?;
        }
    }

    /// Makes sure that the alarm rings when the line has waited long enough.
    async fn wind_line(&self) -> Result<()> {
        let services = &*self.services;
        match services.line.waits_since_millis()? {
            Some(since_millis) => services.alarm_clock.ring_by(since_millis + services.order_wait_millis()?).await,
            None => Ok(()),
        }
    }
}
