//! What a session costs, on its way to the key's ledger: each row becomes a `SpendRecorded` and goes the way of all events,
//! through the queue where the key's object does not take it.

use contract::{AcceptedEvent, DomainEvent};
use durable_objects::{SESSION_SOURCE, log};
use realtime::ledger::Row;
use rust_decimal::Decimal;
use serde_json::{json, value::RawValue};
use worker::Env;

use super::{
    retry::retried,
    summary::{input_tokens, output_tokens},
};
use crate::handover::{Handed, Way, hand_over};

/// Makes events of the rows of one session.
pub(super) struct Biller {
    pub(super) virtual_key_id: String,
    pub(super) connection_id: String,
    pub(super) model: String,
    pub(super) provider: String,
    /// A correction to the key's favour that a later row has yet to use up: what is recorded is never negative. What is
    /// left of it at the end, the key's object pays back: it learns what the session costs in all.
    pub(super) credit: Decimal,
}

impl Biller {
    /// The event of a row; none where it costs nothing. Sent again it is known by its id.
    pub(super) fn event(&mut self, row: &Row) -> Option<AcceptedEvent> {
        let amount = row.cost - self.credit;
        self.credit = (-amount).max(Decimal::ZERO);
        if amount <= Decimal::ZERO {
            return None;
        }
        let quantities = &row.quantities;
        let event = json!({
            "specversion": "1.0",
            "id": format!("{}-{}", self.connection_id, row.sequence),
            "source": SESSION_SOURCE,
            "type": "SpendRecorded",
            "virtualkeyid": self.virtual_key_id,
            "data": {
                "amount": amount.to_string(),
                "provider": self.provider,
                "model": self.model,
                "requestId": self.connection_id,
                "inputTokens": input_tokens(quantities),
                "outputTokens": output_tokens(quantities),
            },
        });
        let text = event.to_string();
        let accepted = DomainEvent::parse(&text).map_err(|rejection| rejection.to_string()).and_then(|event| {
            let json = RawValue::from_string(text).map_err(|error| error.to_string())?;
            Ok(AcceptedEvent { event, json })
        });
        accepted.inspect_err(|error| log::error("a bill could not be written", json!({ "error": error }))).ok()
    }
}

/// Hands a bill to the key's object, or to the queue.
pub(super) async fn send(env: &Env, bill: AcceptedEvent) {
    let sent = retried(async || {
        let again = AcceptedEvent { event: bill.event.clone(), json: bill.json.clone() };
        match hand_over(env, vec![again], Way::Straight).await.into_iter().next() {
            Some(Handed::Unavailable(reason)) => Err(reason),
            _ => Ok(()),
        }
    });
    if let Err(reason) = sent.await {
        log::error("a bill was taken by nobody", json!({ "id": bill.event.id, "error": reason }));
    }
}

#[cfg(test)]
mod tests {
    use contract::EventBody;
    use realtime::ledger::{Quantities, RowKind};

    use super::*;

    fn row(sequence: u64, cost: &str) -> Row {
        let quantities = Quantities { input_text_tokens: 3, output_audio_tokens: 5, ..Quantities::default() };
        Row { sequence, kind: RowKind::Usage, quantities, cost: cost.parse().unwrap() }
    }

    #[test]
    fn a_correction_to_the_keys_favour_is_taken_off_what_comes_next() {
        let mut biller = Biller {
            virtual_key_id: "7".to_owned(),
            connection_id: "c".to_owned(),
            model: "m".to_owned(),
            provider: "p".to_owned(),
            credit: Decimal::ZERO,
        };
        let events: Vec<_> = [(1, "0.5"), (2, "-0.3"), (3, "0.2"), (4, "0.2"), (5, "0")]
            .into_iter()
            .map(|(sequence, cost)| {
                let event = biller.event(&row(sequence, cost))?.event;
                let EventBody::Spend(spend) = event.body else { panic!("another event") };
                Some((event.id, spend.amount.get().to_string()))
            })
            .collect();
        let some = |id: &str, amount: &str| Some((id.to_owned(), amount.to_owned()));
        assert_eq!(events, [some("c-1", "0.5"), None, None, some("c-4", "0.1"), None]);
    }
}
