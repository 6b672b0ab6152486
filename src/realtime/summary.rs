//! What a session was, on its way to the key's object, which keeps it.

use contract::{Money, SessionFigures};
use durable_objects::{FinishSession, Inquiry, log, now_millis};
use realtime::{
    audio::TICKS_PER_MILLISECOND,
    ledger::Quantities,
    session::{Summary, USAGE_INQUIRY_MILLIS},
    transport::HttpRequest,
};
use rust_decimal::Decimal;
use serde_json::json;
use worker::Env;

use super::{bill::Biller, retry::retried};

/// Puts together what is kept of a session.
pub(super) fn of(
    summary: &Summary,
    biller: &Biller,
    inquiry: Option<HttpRequest>,
    per_minute: Decimal,
) -> FinishSession {
    let asked_at_millis = |after: &u64| now_millis().saturating_add_unsigned(*after);
    FinishSession {
        virtual_key_id: biller.virtual_key_id.clone(),
        connection_id: biller.connection_id.clone(),
        provider: biller.provider.clone(),
        cost: money(summary.cost),
        figures: figures(summary),
        // Where time costs nothing, it does not matter how long it was.
        inquiry: inquiry.filter(|_| !per_minute.is_zero()).map(|request| Inquiry {
            url: request.url,
            at_millis: USAGE_INQUIRY_MILLIS.iter().map(asked_at_millis).collect(),
            per_minute: money(per_minute),
        }),
    }
}

fn figures(summary: &Summary) -> SessionFigures {
    let (counts, quantities) = (&summary.counts, &summary.quantities);
    let ended_at_millis = summary.ended_at_millis.unwrap_or(summary.started_at_millis);
    let has_answered = counts.answers > 0;
    SessionFigures {
        turns: counts.turns,
        interruptions: counts.interruptions,
        tool_calls: counts.tool_calls,
        input_tokens: input_tokens(quantities),
        output_tokens: output_tokens(quantities),
        duration_millis: ended_at_millis.saturating_sub(summary.started_at_millis),
        input_audio_millis: millis(quantities.input_audio_ticks),
        user_talk_millis: counts.talk_millis,
        agent_talk_millis: millis(quantities.output_audio_ticks),
        mean_answer_delay_millis: counts.answer_delay_millis.checked_div(counts.answers),
        longest_answer_delay_millis: has_answered.then_some(counts.longest_answer_delay_millis),
    }
}

/// Tokens that were read, the cached ones included.
pub(super) fn input_tokens(quantities: &Quantities) -> u64 {
    sum(&[
        quantities.input_text_tokens,
        quantities.input_audio_tokens,
        quantities.input_image_tokens,
        quantities.cached_text_tokens,
        quantities.cached_audio_tokens,
        quantities.cached_image_tokens,
    ])
}

/// Tokens that were written or spoken.
pub(super) fn output_tokens(quantities: &Quantities) -> u64 {
    sum(&[quantities.output_text_tokens, quantities.output_audio_tokens])
}

fn sum(counts: &[i64]) -> u64 {
    u64::try_from(counts.iter().sum::<i64>()).unwrap_or(0)
}

fn millis(ticks: i64) -> u64 {
    u64::try_from(ticks).unwrap_or(0) / TICKS_PER_MILLISECOND
}

/// The ledger's figures have no more decimals, and are no larger, than money.
fn money(figure: Decimal) -> Money {
    figure.to_string().parse().unwrap_or_default()
}

/// Hands it to the key's object. What cannot be handed over is not kept.
pub(super) async fn send(env: &Env, finish: FinishSession) {
    if let Err(error) = retried(async || durable_objects::ask(env, &finish).await).await {
        let line = json!({ "connectionId": finish.connection_id, "error": error.to_string() });
        log::error("what a realtime session was could not be kept", line);
    }
}
