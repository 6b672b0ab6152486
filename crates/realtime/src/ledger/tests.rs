use super::*;
use crate::model::ByModality;
use proptest::prelude::*;

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn prices() -> Prices {
    Prices {
        input_text_per_million: decimal("4"),
        input_audio_per_million: decimal("32"),
        cached_audio_per_million: decimal("0.4"),
        output_text_per_million: decimal("16"),
        output_audio_per_million: decimal("64"),
        input_audio_per_minute: decimal("0.07"),
        output_audio_per_minute: decimal("0.1"),
        session_per_minute: decimal("0.05"),
        ..Prices::default()
    }
}

fn text(input: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input: ByModality { text_tokens: input, ..ByModality::default() },
        output: ByModality { text_tokens: output, ..ByModality::default() },
        ..TokenUsage::default()
    }
}

/// The original system's own example: 0.010 + 0.015 + 0.006.
#[test]
fn a_thousand_in_five_hundred_out_and_two_calls_cost_0_031() {
    let prices =
        Prices { input_text_per_million: decimal("10"), output_text_per_million: decimal("30"), ..Prices::default() };
    let mut ledger = Ledger::new(prices, EstimateRates::OPENAI);
    ledger.response_started("a");
    ledger.tool_called();
    ledger.tool_called();
    ledger.reported(Some("a"), text(1_000, 500));
    ledger.response_ended();
    let row = ledger.settle().expect("a row");
    assert_eq!(row.cost, decimal("0.031"));
    assert_eq!(ledger.settle(), None);
}

#[test]
fn a_caller_that_hangs_up_mid_answer_pays_for_what_was_spoken() {
    let mut ledger = Ledger::new(prices(), EstimateRates::OPENAI);
    ledger.heard(3 * TICKS_PER_SECOND);
    ledger.response_started("a");
    ledger.spoken(5 * TICKS_PER_SECOND);
    let row = ledger.settle().expect("a row");
    assert_eq!(row.kind, RowKind::Estimate);
    assert_eq!((row.quantities.input_audio_tokens, row.quantities.output_audio_tokens), (30, 100));
    // 30 × 32 and 100 × 64 a million, 3 s × 0.07 and 5 s × 0.1 a minute.
    assert_eq!(row.cost, decimal("0.00096") + decimal("0.0064") + decimal("0.0035") + decimal("0.0083333333"));
}

#[test]
fn a_report_that_comes_late_corrects_the_estimate_in_a_row_of_its_own() {
    let mut ledger = Ledger::new(prices(), EstimateRates::OPENAI);
    ledger.response_started("a");
    ledger.spoken(TICKS_PER_SECOND);
    ledger.response_ended();
    let estimate = ledger.settle().expect("a row");
    ledger.reported(None, TokenUsage::default());
    let correction = ledger.settle().expect("a row");
    assert_eq!(correction.kind, RowKind::Correction);
    assert_eq!(correction.quantities.output_audio_tokens, -20);
    assert_eq!(estimate.cost + correction.cost, ledger.billed().1);
    assert_eq!((estimate.sequence, correction.sequence), (1, 2));
}

#[test]
fn a_trailing_report_belongs_to_the_response_that_ended_without_one() {
    let mut ledger = Ledger::new(prices(), EstimateRates::GEMINI);
    ledger.response_started("a");
    ledger.response_ended();
    ledger.response_started("b");
    ledger.reported(None, text(7, 1));
    ledger.reported(None, text(9, 2));
    // Reports of a response replace each other, so they are told apart by their sum.
    assert_eq!(ledger.due().input_text_tokens, 16);
}

#[test]
fn a_provider_that_bills_by_time_has_the_last_word_on_it() {
    let mut ledger = Ledger::new(prices(), EstimateRates::SECONDS_ONLY);
    ledger.lasted(61_000);
    ledger.lasted(60_000);
    assert_eq!(ledger.settle().map(|row| row.quantities.session_millis), Some(61_000));
    ledger.duration_reported(60_000);
    let row = ledger.settle().expect("a row");
    assert_eq!((row.kind, row.quantities.session_millis), (RowKind::Correction, -1_000));
    assert_eq!(ledger.billed().1, decimal("0.05"));
}

#[test]
fn putting_speech_into_words_has_a_price_of_its_own() {
    let prices = Prices {
        transcription_input_per_million: decimal("6"),
        transcription_output_per_million: decimal("10"),
        transcription_per_minute: decimal("0.006"),
        ..Prices::default()
    };
    let mut ledger = Ledger::new(prices, EstimateRates::OPENAI);
    ledger.transcribed(&serde_json::json!({"type": "tokens", "input_tokens": 100, "output_tokens": 20}));
    assert_eq!(ledger.settle().map(|row| row.cost), Some(decimal("0.0008")));
    ledger.transcribed(&serde_json::json!({"type": "duration", "seconds": 30.5}));
    assert_eq!(ledger.settle().map(|row| row.cost), Some(decimal("0.00305")));
    ledger.transcribed(&serde_json::json!({"seconds": -1, "input_tokens": "x"}));
    assert_eq!(ledger.settle(), None);
}

#[test]
fn no_quantity_and_no_price_makes_it_overflow() {
    let dear = Prices { session_per_minute: Decimal::MAX, output_text_per_million: Decimal::MAX, ..prices() };
    let mut ledger = Ledger::new(dear, EstimateRates::OPENAI);
    ledger.lasted(u64::MAX);
    ledger.response_started("a");
    ledger.spoken(u64::MAX);
    ledger.written(usize::MAX);
    assert_eq!(ledger.settle().map(|row| row.cost), Some(Decimal::from(MAX_COST)));
}

#[derive(Debug, Clone)]
enum Step {
    Heard(u64),
    Spoken(u64),
    Written(usize),
    Call,
    Start,
    End,
    ReportNamed { back: usize, usage: (u64, u64) },
    Settle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..500_000_u64).prop_map(Step::Heard),
        (0..500_000_u64).prop_map(Step::Spoken),
        (0..5_000_usize).prop_map(Step::Written),
        Just(Step::Call),
        Just(Step::Start),
        Just(Step::End),
        (0..40_usize, (0..9_999_u64, 0..9_999_u64)).prop_map(|(back, usage)| Step::ReportNamed { back, usage }),
        Just(Step::Settle),
    ];
    proptest::collection::vec(step, 0..120)
}

/// A response as the model of the test knows it: its estimate, and its report.
#[derive(Default)]
struct Known {
    audio_tokens: [u64; 2],
    report: Option<(u64, u64)>,
}

proptest! {
    #[test]
    fn usage_is_neither_lost_nor_doubled(steps in steps()) {
        let mut ledger = Ledger::new(prices(), EstimateRates { characters_per_token: 0, ..EstimateRates::OPENAI });
        let mut known: Vec<Known> = Vec::new();
        let (mut heard, mut spoken, mut calls, mut unanswered, mut is_open) = (0, 0, 0, 0, false);
        let mut ticks: Vec<[u64; 2]> = Vec::new();
        let (mut rows, mut cost) = (Quantities::default(), Decimal::ZERO);
        for step in steps {
            match step {
                Step::Heard(n) => { ledger.heard(n); heard += n; unanswered += n; }
                Step::Spoken(n) => {
                    ledger.spoken(n);
                    spoken += n;
                    if let Some(last) = ticks.last_mut().filter(|_| is_open) { last[1] += n; }
                }
                Step::Written(n) => ledger.written(n),
                Step::Call => { ledger.tool_called(); calls += 1; }
                Step::Start => {
                    ledger.response_started(&known.len().to_string());
                    known.push(Known::default());
                    ticks.push([std::mem::take(&mut unanswered), 0]);
                    is_open = true;
                }
                Step::End => { ledger.response_ended(); is_open = false; }
                Step::ReportNamed { back, usage } => {
                    // Responses of long ago can be reported no more, and are not.
                    let Some(index) = known.len().checked_sub(1 + back % MAX_RECENT) else { continue };
                    ledger.reported(Some(&index.to_string()), text(usage.0, usage.1));
                    known[index].report = Some(usage);
                }
                Step::Settle => {
                    if let Some(row) = ledger.settle() {
                        rows = rows.plus(row.quantities);
                        cost += row.cost;
                    }
                }
            }
        }
        if let Some(row) = ledger.settle() {
            rows = rows.plus(row.quantities);
            cost += row.cost;
        }
        for (response, ticks) in known.iter_mut().zip(&ticks) {
            response.audio_tokens = [
                (ticks[0] * 10).div_ceil(TICKS_PER_SECOND),
                (ticks[1] * 20).div_ceil(TICKS_PER_SECOND),
            ];
        }
        let estimated = |side: usize| -> i64 {
            known.iter().filter(|known| known.report.is_none()).map(|known| known.audio_tokens[side].cast_signed()).sum()
        };
        let reported = |pick: fn((u64, u64)) -> u64| -> i64 {
            known.iter().filter_map(|known| known.report).map(|report| pick(report).cast_signed()).sum()
        };
        let expected = Quantities {
            input_text_tokens: reported(|report| report.0),
            output_text_tokens: reported(|report| report.1),
            input_audio_tokens: estimated(0),
            output_audio_tokens: estimated(1),
            input_audio_ticks: heard.cast_signed(),
            output_audio_ticks: spoken.cast_signed(),
            tool_calls: calls,
            ..Quantities::default()
        };
        prop_assert_eq!(rows, expected);
        prop_assert_eq!(ledger.billed(), (rows, cost));
        prop_assert_eq!(prices().cost(&expected), cost);
    }
}
