//! The calls by which the Worker makes attempts: the object decides whether one is made, and what follows from what it
//! came to. It waits for no receiver itself.

use contract::{AttemptOutcome, Breaker, DeliveryRule, Verdict, check_target};
use worker::Result;

use super::{
    super::{
        VirtualKey,
        calls::{AttemptToMake, BeginAttempt, FinishAttempt},
        draft::Draft,
        key_state::KeyState,
    },
    delivery::Delivery,
    entry::{Entry, Stage},
};
use crate::identifiers::{HOUR_MILLIS, now_millis};

/// How much longer than an answer may take the outcome of an attempt may: then it is lost.
const LOST_AFTER_MILLIS: i64 = 5_000;

/// Attempts that are found lost in one transaction; if more are, the alarm rings again.
const LOST_AT_ONCE: i64 = 100;

/// How long a delivery that is due waits for its receiver to work again: a day.
const STUCK_MILLIS: i64 = 24 * HOUR_MILLIS;

/// Deliveries that are given up for that in one transaction: the next trial gives up others.
const STUCK_AT_ONCE: i64 = 100;

impl VirtualKey {
    /// Begins an attempt, if it is still to be made, and says what is sent.
    pub(in super::super) async fn begin_attempt(&self, begin: &BeginAttempt) -> Result<Option<AttemptToMake>> {
        let to_make = self.begin(begin)?;
        self.wind_deliveries().await?;
        self.bring_letters().await?;
        Ok(to_make)
    }

    fn begin(&self, begin: &BeginAttempt) -> Result<Option<AttemptToMake>> {
        let services = &*self.services;
        let now_millis = now_millis();
        // A poke of a key that is deleted, or of another object's making, changes nothing.
        let is_known = matches!(services.key.stored()?, Some(KeyState::Known(_)));
        if !is_known || services.webhooks.schedule.is_empty()? {
            return Ok(None);
        }
        let Some(mut delivery) = self.delivery(&begin.delivery_id)? else { return Ok(None) };
        let is_due = match delivery.entry.stage {
            Stage::Poked => true,
            Stage::Waiting => delivery.entry.due_millis <= now_millis,
            Stage::Begun | Stage::GivenUp => false,
        };
        if !is_due || delivery.entry.attempt != begin.attempt {
            return Ok(None);
        }
        let configuration = services.configuration()?;
        let rule = &configuration.delivery_rule;
        let mut draft = Draft::new(services, now_millis);
        if check_target(&delivery.entry.url, configuration.allow_private_targets).is_err() {
            settle(&mut draft, rule, delivery, &AttemptOutcome::NotAllowed)?;
            self.keep_and_tell(&draft)?;
            return Ok(None);
        }
        let mut breaker = services.webhooks.schedule.breaker(&delivery.entry.url)?;
        let previous = breaker.state();
        let may_begin = breaker.begin(&delivery.entry.id, now_millis);
        delivery.entry.stage = if may_begin { Stage::Begun } else { Stage::Waiting };
        delivery.entry.due_millis =
            if may_begin { now_millis + rule.timeout_millis + LOST_AFTER_MILLIS } else { now_millis };
        if may_begin {
            delivery.tell_breaker(&mut draft, previous, breaker.state());
            delivery.tell(&mut draft, &delivery.attempted())?;
            draft.webhooks.schedule.set_breaker(&delivery.entry.url, breaker);
        }
        draft.webhooks.schedule.put(delivery.entry.clone());
        self.keep_and_tell(&draft)?;
        if !may_begin {
            return Ok(None);
        }
        let secrets = services.webhooks.secrets.read()?;
        Ok(Some(delivery.to_make(&secrets, now_millis, rule.timeout_millis)))
    }

    /// Takes what an attempt came to. One that is not under way any more, because it took too long to hear of it, changes
    /// nothing.
    pub(in super::super) async fn finish_attempt(&self, finish: &FinishAttempt) -> Result<()> {
        let services = &*self.services;
        if services.webhooks.schedule.is_empty()? {
            return Ok(());
        }
        let Some(delivery) = self.delivery(&finish.delivery_id)? else { return Ok(()) };
        if delivery.entry.stage == Stage::Begun && delivery.entry.attempt == finish.attempt {
            let mut draft = Draft::new(services, now_millis());
            let url = delivery.entry.url.clone();
            let rule = &services.configuration()?.delivery_rule;
            settle(&mut draft, rule, delivery, &finish.outcome)?;
            let is_open = draft.webhooks.schedule.breaker(&url).is_some_and(|breaker| breaker.is_open());
            if is_open {
                self.give_up_stuck(&mut draft, rule, &url)?;
            }
            self.keep_and_tell(&draft)?;
        }
        self.attend_deliveries().await?;
        self.bring_letters().await
    }

    /// Looks after deliveries when the alarm rings: what was lost is tried again, and what is due is made.
    pub(in super::super) async fn ring_deliveries(&self) -> Result<()> {
        let services = &*self.services;
        if services.webhooks.schedule.is_empty()? {
            return Ok(());
        }
        let now_millis = now_millis();
        let mut draft = Draft::new(services, now_millis);
        let rule = &services.configuration()?.delivery_rule;
        let overdue = services.webhooks.schedule.overdue(LOST_AT_ONCE)?;
        if overdue.is_empty() {
            return self.attend_deliveries().await;
        }
        for entry in overdue {
            if entry.stage == Stage::Poked {
                draft.webhooks.schedule.put(Entry { stage: Stage::Waiting, due_millis: now_millis, ..entry });
            } else if let Some(delivery) = self.delivery(&entry.id)? {
                settle(&mut draft, rule, delivery, &AttemptOutcome::Lost)?;
            }
        }
        self.keep_and_tell(&draft)?;
        self.attend_deliveries().await
    }

    /// Gives up what has waited too long for a receiver that still does not work.
    fn give_up_stuck(&self, draft: &mut Draft<'_>, rule: &DeliveryRule, url: &str) -> Result<()> {
        let since_millis = draft.now_millis - STUCK_MILLIS;
        for entry in self.services.webhooks.schedule.stuck(url, since_millis, STUCK_AT_ONCE)? {
            if let Some(delivery) = self.delivery(&entry.id)? {
                settle(draft, rule, delivery, &AttemptOutcome::Stuck)?;
            }
        }
        Ok(())
    }

    fn delivery(&self, id: &str) -> Result<Option<Delivery>> {
        let schedule = &self.services.webhooks.schedule;
        let Some(entry) = schedule.entry(id)? else { return Ok(None) };
        let Some(content) = schedule.content(id)? else { return Ok(None) };
        Delivery::new(entry, &content).map(Some)
    }

    pub(super) fn keep_and_tell(&self, draft: &Draft<'_>) -> Result<()> {
        draft.commit()?;
        draft.send();
        self.server.flush();
        Ok(())
    }
}

/// Applies what an attempt came to: to its delivery, to the breaker of its URL, and to the figures.
fn settle(draft: &mut Draft<'_>, rule: &DeliveryRule, mut delivery: Delivery, outcome: &AttemptOutcome) -> Result<()> {
    let now_millis = draft.now_millis;
    let url = delivery.entry.url.clone();
    // What came of several attempts at one URL may be settled in one transaction.
    let mut breaker: Breaker = match draft.webhooks.schedule.breaker(&url) {
        Some(breaker) => breaker,
        None => draft.services.webhooks.schedule.breaker(&url)?,
    };
    let previous = breaker.state();
    breaker.heard(&delivery.entry.id, outcome.sign(), rule.breaker, now_millis);
    let current = breaker.state();
    match rule.verdict(outcome, delivery.entry.attempt, delivery.entry.lost, now_millis) {
        Verdict::Delivered => {
            if let AttemptOutcome::Answered { response_time_millis, .. } = outcome
                && let Some(status) = outcome.status()
            {
                delivery.tell(draft, &delivery.succeeded(status, *response_time_millis))?;
            }
            delivery.tell_breaker(draft, previous, current);
            draft.webhooks.schedule.remove(&delivery.entry);
        }
        Verdict::Retry { delay_millis } => {
            delivery.tell(draft, &delivery.failed(outcome, outcome.error(rule), false))?;
            delivery.tell_breaker(draft, previous, current);
            let entry = &mut delivery.entry;
            entry.stage = Stage::Waiting;
            entry.attempt += 1;
            entry.lost += u32::from(*outcome == AttemptOutcome::Lost);
            // While the breaker is open nothing is tried, so nothing else is said.
            entry.due_millis = (now_millis + delay_millis).max(breaker.open_until_millis().unwrap_or(0));
            delivery.tell(draft, &delivery.scheduled(now_millis))?;
            draft.webhooks.schedule.put(delivery.entry);
        }
        Verdict::GivenUp => {
            let error = outcome.error(rule);
            delivery.tell(draft, &delivery.failed(outcome, error.clone(), true))?;
            delivery.tell_breaker(draft, previous, current);
            let virtual_key_id = draft.services.key.id()?;
            draft.bury(delivery.letter(virtual_key_id, outcome, error, now_millis)?);
            let mut entry = delivery.entry;
            entry.stage = Stage::GivenUp;
            entry.due_millis = now_millis;
            draft.webhooks.schedule.give_up(entry);
        }
    }
    draft.webhooks.schedule.set_breaker(&url, breaker);
    Ok(())
}
