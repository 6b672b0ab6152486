//! What the edge is given to record and to bill, while a session goes on.

use super::support::{Edge, Scripted, ScriptedTraits, pcm};
use realtime::audio::AudioFormat;
use realtime::client::ClientProtocol;
use realtime::ledger::Prices;
use realtime::model::{Output, ProviderEvent};
use realtime::session::{Action, Recorded, SessionOptions};
use serde_json::json;

const SAYS_A_SECOND: usize = 1;
const IS_INTERRUPTED: usize = 2;

fn edge(change: impl FnOnce(&mut SessionOptions)) -> Edge {
    let traits = ScriptedTraits { waits_for_settings: false, keeps_conversation: false, usage_trails: false };
    let output = Output::Audio { bytes: pcm(1_000), format: AudioFormat::PCM16_24KHZ };
    let script = vec![
        ProviderEvent::Ready { conversation_id: None, session: None, lasts_millis: None },
        ProviderEvent::Output { response_id: None, item_id: None, output },
        ProviderEvent::Interrupted,
    ];
    let mut edge = Edge::with(ClientProtocol::OpenAi, Scripted::new(traits, script), change);
    edge.open();
    edge.provider(json!(0));
    edge
}

#[test]
fn a_recorded_session_says_so_and_gives_both_sides() {
    let mut edge = edge(|options| options.is_recorded = true);
    assert_eq!(edge.heard()[0]["session"]["recording"], true);
    edge.client_speaks(200);
    edge.provider(json!(SAYS_A_SECOND));
    edge.provider(json!(IS_INTERRUPTED));
    let format = AudioFormat::PCM16_24KHZ;
    let user = || Recorded::User(pcm(100), format);
    assert_eq!(edge.recorded, [user(), user(), Recorded::Agent(pcm(1_000), format), Recorded::AgentCutOff]);
}

#[test]
fn a_session_that_is_not_recorded_gives_nothing() {
    let mut edge = edge(|_| {});
    assert!(edge.heard()[0]["session"].get("recording").is_none());
    edge.client_speaks(200);
    edge.provider(json!(SAYS_A_SECOND));
    assert_eq!(edge.recorded, []);
}

#[test]
fn what_is_due_can_be_billed_at_any_time() {
    let prices = Prices { output_audio_per_minute: 6.into(), ..Prices::default() };
    let mut edge = edge(|options| options.prices = prices);
    edge.provider(json!(SAYS_A_SECOND));
    assert_eq!(edge.session.cost().to_string(), "0.1");
    let bills = |actions: Vec<Action>| -> Vec<String> {
        let cost = |action| match action {
            Action::Bill(row) => Some(row.cost.to_string()),
            _ => None,
        };
        actions.into_iter().filter_map(cost).collect()
    };
    let now_millis = edge.now_millis;
    assert_eq!(bills(edge.session.bill_now(now_millis)), ["0.1"]);
    assert_eq!(bills(edge.session.bill_now(now_millis)), [""; 0], "nothing came to be due since");
}
