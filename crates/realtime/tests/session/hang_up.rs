//! A caller that hangs up in the middle of an answer pays for what was spoken, once.

use super::support::{Edge, Scripted, ScriptedTraits, pcm};
use realtime::audio::AudioFormat;
use realtime::client::ClientProtocol;
use realtime::ledger::{Prices, RowKind};
use realtime::model::{ByModality, Command, Outcome, Output, ProviderEvent, TokenUsage};
use realtime::session::EndReason;
use serde_json::json;

const SAYS_A_SECOND: usize = 1;
const DONE: usize = 2;

fn calling(reports: bool) -> (Edge, Scripted) {
    let traits = ScriptedTraits { waits_for_settings: false, keeps_conversation: reports, usage_trails: false };
    let output = Output::Audio { bytes: pcm(1_000), format: AudioFormat::PCM16_24KHZ };
    let usage = TokenUsage {
        input: ByModality { text_tokens: 100, ..ByModality::default() },
        output: ByModality { audio_tokens: 55, ..ByModality::default() },
        ..TokenUsage::default()
    };
    let outcome = Outcome::Cancelled { reason: "client_cancelled".to_owned() };
    let script = vec![
        ProviderEvent::Ready { conversation_id: None, session: None, lasts_millis: None },
        ProviderEvent::Output { response_id: Some("resp_1".to_owned()), item_id: None, output },
        ProviderEvent::ResponseDone { response_id: Some("resp_1".to_owned()), outcome, usage: Some(usage) },
    ];
    let scripted = Scripted::new(traits, script);
    let mut edge = Edge::with(ClientProtocol::OpenAi, scripted.clone(), |options| {
        options.prices =
            Prices { output_audio_per_million: 64.into(), output_audio_per_minute: 6.into(), ..Prices::default() };
    });
    edge.open();
    edge.provider(json!(0));
    edge.provider(json!(SAYS_A_SECOND));
    edge.provider(json!(SAYS_A_SECOND));
    (edge, scripted)
}

#[test]
fn a_provider_that_reports_is_told_to_stop_and_listened_to() {
    let (mut edge, scripted) = calling(true);
    edge.client_leaves();
    assert_eq!(scripted.commands.lock().unwrap().last(), Some(&Command::Leave));
    assert!(edge.summary.is_none() && edge.closed_links.is_empty());
    // It says a little more, which nobody hears.
    edge.provider(json!(SAYS_A_SECOND));
    edge.provider(json!(DONE));
    let summary = edge.summary.clone().expect("a summary");
    assert_eq!(summary.end_reason, Some(EndReason::ClientLeft));
    assert_eq!((summary.quantities.output_audio_tokens, summary.quantities.input_text_tokens), (55, 100));
    assert_eq!(summary.quantities.output_audio_ticks, 2 * 48_000);
    // 55 × 64 a million, and 2 s × 6 a minute.
    assert_eq!(summary.cost.to_string(), "0.20352");
    assert_eq!(edge.rows.iter().map(|row| row.cost).sum::<rust_decimal::Decimal>(), summary.cost);
}

#[test]
fn a_provider_that_does_not_answer_in_time_is_billed_by_estimate() {
    let (mut edge, _) = calling(true);
    edge.client_leaves();
    edge.wait(4_999);
    assert!(edge.summary.is_none());
    edge.wait(1);
    // 2 s at 20 tokens a second.
    assert_eq!(edge.summary.as_ref().map(|summary| summary.quantities.output_audio_tokens), Some(40));
    assert_eq!(edge.rows.last().map(|row| row.kind), Some(RowKind::Estimate));
    assert_eq!(edge.closed_links.len(), 1);
}

#[test]
fn a_provider_that_is_lost_meanwhile_is_billed_by_estimate() {
    let (mut edge, _) = calling(true);
    edge.client_leaves();
    edge.provider_closes(1006, "");
    assert_eq!(edge.summary.as_ref().map(|summary| summary.quantities.output_audio_tokens), Some(40));
}

#[test]
fn a_provider_that_never_reports_is_not_waited_for() {
    let (mut edge, _) = calling(false);
    edge.client_leaves();
    assert_eq!(edge.summary.as_ref().map(|summary| summary.quantities.output_audio_tokens), Some(40));
}

#[test]
fn while_an_answer_goes_on_its_estimate_is_billed_and_then_corrected() {
    let (mut edge, _) = calling(true);
    edge.wait(2_000);
    assert_eq!(
        edge.rows.last().map(|row| (row.kind, row.quantities.output_audio_tokens)),
        Some((RowKind::Estimate, 40))
    );
    edge.provider(json!(DONE));
    let row = edge.rows.last().expect("a row");
    assert_eq!(
        (row.kind, row.quantities.output_audio_tokens, row.quantities.input_text_tokens),
        (RowKind::Correction, 15, 100)
    );
}

#[test]
fn a_spent_budget_ends_the_call_at_once_and_bills_what_the_provider_reports() {
    let (mut edge, _) = calling(true);
    edge.heard();
    edge.end(EndReason::BudgetSpent);
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1008));
    edge.provider(json!(DONE));
    let summary = edge.summary.expect("a summary");
    assert_eq!((summary.end_reason, summary.quantities.output_audio_tokens), (Some(EndReason::BudgetSpent), 55));
}
