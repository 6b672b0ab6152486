//! What a key is asked to deliver, for the first time or again.

use contract::{DeliveryState, DomainEvent, WebhookDeliveryRequested};
use worker::{Error, Result};

use super::{
    super::{
        VirtualKey,
        calls::{Redeliver, Redelivery},
        draft::Draft,
        key_state::KeyState,
        publish::NotTaken,
    },
    delivery::{Content, Delivery},
    entry::{Entry, Stage},
};
use crate::identifiers::{now_millis, random_bytes, ulid};

/// Why a delivery is not taken.
const KEY_IS_FULL: &str =
    "the virtual key has as many webhooks waiting as it may have (WEBHOOK_MAX_PENDING); send the event again later";
const URL_IS_FULL: &str = "half of the webhooks that the virtual key may have waiting (WEBHOOK_MAX_PENDING) wait for this \
                           URL; send the event again later";

/// Takes a delivery, to be made as soon as all of the call is stored; or says why not.
pub(in super::super) fn request(
    draft: &mut Draft<'_>,
    event: &DomainEvent,
    request: &WebhookDeliveryRequested,
) -> Result<std::result::Result<(), NotTaken>> {
    if let Some(reason) = full(draft, request.url.as_str())? {
        return Ok(Err(NotTaken::Rejected(reason)));
    }
    let now_millis = draft.now_millis;
    let random = random_bytes().map_err(|error| Error::RustError(error.to_string()))?;
    let content = Content {
        request: request.clone(),
        correlation_id: event.correlation_id.clone(),
        trace_parent: event.trace_parent.clone(),
    };
    let entry = waiting(ulid(now_millis, random).to_string(), request.url.as_str(), now_millis);
    let (state, change) = DeliveryState::requested();
    draft.webhooks.set_state(&entry.url, &entry.id, state, change)?;
    draft.webhooks.schedule.add(entry, Some(serde_json::to_string(&content)?));
    Ok(Ok(()))
}

/// A delivery whose first attempt is due.
fn waiting(id: String, url: &str, now_millis: i64) -> Entry {
    Entry { id, url: url.to_owned(), stage: Stage::Waiting, attempt: 1, lost: 0, due_millis: now_millis }
}

/// Why there is no room for another delivery to a URL, if there is none. One receiver that does not work leaves room for
/// the others.
fn full(draft: &Draft<'_>, url: &str) -> Result<Option<&'static str>> {
    let most = draft.services.configuration()?.delivery_rule.max_pending;
    let schedule = &draft.services.webhooks.schedule;
    // Whoever never had any has no tables for them.
    let is_new = schedule.is_empty()?;
    let stored = if is_new { 0 } else { schedule.pending()? };
    let pending = stored.saturating_add_signed(draft.webhooks.schedule.pending());
    if pending >= most {
        return Ok(Some(KEY_IS_FULL));
    }
    let half = most.div_ceil(2);
    if pending < half {
        return Ok(None);
    }
    let stored = if is_new { 0 } else { schedule.pending_to(url)? };
    Ok((stored + draft.webhooks.schedule.pending_to(url) >= half).then_some(URL_IS_FULL))
}

impl VirtualKey {
    /// Tries a delivery again that was given up, as if it had just been asked for.
    pub(in super::super) async fn redeliver(&self, redeliver: &Redeliver) -> Result<Option<Redelivery>> {
        let services = &*self.services;
        match services.key.read(&redeliver.virtual_key_id).await? {
            Some(KeyState::Known(_)) => {}
            None | Some(KeyState::Deleted { .. }) => return Ok(None),
        }
        let letter = &redeliver.letter;
        let now_millis = now_millis();
        let mut draft = Draft::new(services, now_millis);
        let id = letter.delivery_id.as_str();
        let known = services.webhooks.schedule.entry(id)?;
        if known.as_ref().is_some_and(|entry| entry.stage != Stage::GivenUp) {
            return Ok(Some(Redelivery::Pending));
        }
        if full(&draft, letter.url.as_str())?.is_some() {
            return Ok(Some(Redelivery::Full));
        }
        let entry = waiting(id.to_owned(), letter.url.as_str(), now_millis);
        let stored = services.webhooks.schedule.content(id)?;
        let content = match &stored {
            Some(content) => content.clone(),
            None => serde_json::to_string(&Content::of_letter(letter))?,
        };
        let (state, change) = DeliveryState::requested_again(draft.webhooks.state(&entry.url, id)?);
        draft.webhooks.set_state(&entry.url, id, state, change)?;
        let delivery = Delivery::new(entry.clone(), &content)?;
        delivery.tell(&mut draft, &delivery.scheduled(now_millis))?;
        draft.webhooks.schedule.add(entry, stored.is_none().then_some(content));
        self.keep_and_tell(&draft)?;
        self.attend_deliveries().await?;
        Ok(Some(Redelivery::Armed))
    }
}
