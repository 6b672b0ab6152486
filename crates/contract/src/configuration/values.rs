//! What variables of the configuration may be.

use url::Url;

use crate::{
    budget::{BudgetThresholds, MAX_THRESHOLD_PERCENT, MAX_THRESHOLDS},
    hub::{self, HUBS, Hub},
    hub_limits::HubLimits,
    model_prices::ModelPrices,
    realtime_providers::RealtimeProviders,
};

/// What a variable may be.
pub trait Values: Sync {
    /// In words that go behind "must be", such as `a whole number from 1 to 300`.
    fn expected(&self) -> String;
}

/// How the text of a variable is read.
pub(super) trait Parse: Values {
    type Value;

    /// Reads a text without blanks around it, or says what is wrong with it, where `expected` does not say all of that.
    fn parse(&self, text: &str) -> Result<Self::Value, Option<String>>;
}

/// Whole numbers, both ends included.
pub(super) struct Whole {
    pub(super) lowest: u64,
    pub(super) highest: u64,
}

/// Seconds, fractions allowed, one after another.
pub(super) struct Delays;

/// Yes or no.
pub(super) struct Flag;

/// Shares of a budget.
pub(super) struct Thresholds;

/// Pages.
pub(super) struct Origins;

/// Hubs.
pub(super) struct Hubs;

/// Limits by hub and event.
pub(super) struct LimitsByHub;

/// Who answers realtime sessions.
pub(super) struct Providers;

/// A model.
pub(super) struct ModelName;

/// Prices by model.
pub(super) struct Prices;

impl Values for Whole {
    fn expected(&self) -> String {
        format!("a whole number from {} to {}", self.lowest, self.highest)
    }
}

impl Parse for Whole {
    type Value = u64;

    fn parse(&self, text: &str) -> Result<u64, Option<String>> {
        match text.parse() {
            Ok(number) if (self.lowest..=self.highest).contains(&number) => Ok(number),
            _ => Err(None),
        }
    }
}

/// The most delays that are told apart, and the longest one: a day.
const MAX_DELAYS: usize = 20;
const MAX_DELAY_SECONDS: f64 = 86_400.0;

impl Values for Delays {
    fn expected(&self) -> String {
        format!("1 to {MAX_DELAYS} numbers from 0 to {MAX_DELAY_SECONDS}, separated by commas")
    }
}

impl Parse for Delays {
    type Value = Vec<i64>;

    /// In milliseconds.
    fn parse(&self, text: &str) -> Result<Vec<i64>, Option<String>> {
        let delays: Vec<i64> =
            text.split(',').map(|entry| delay_millis(entry.trim()).ok_or(None)).collect::<Result<_, _>>()?;
        if delays.len() <= MAX_DELAYS { Ok(delays) } else { Err(None) }
    }
}

fn delay_millis(text: &str) -> Option<i64> {
    // What else is a number to Rust: signs, `inf`, `NaN`, powers of ten.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| is_plain)?;
    #[expect(clippy::cast_possible_truncation, reason = "a day has few milliseconds")]
    (0.0..=MAX_DELAY_SECONDS).contains(&seconds).then(|| (seconds * 1_000.0).round() as i64)
}

impl Values for Flag {
    fn expected(&self) -> String {
        "`true` or `false`".to_owned()
    }
}

impl Parse for Flag {
    type Value = bool;

    fn parse(&self, text: &str) -> Result<bool, Option<String>> {
        text.parse().map_err(|_| None)
    }
}

impl Values for Thresholds {
    fn expected(&self) -> String {
        format!(
            "1 to {MAX_THRESHOLDS} whole numbers from 1 to {MAX_THRESHOLD_PERCENT} in ascending order, separated by \
             commas"
        )
    }
}

impl Parse for Thresholds {
    type Value = BudgetThresholds;

    fn parse(&self, text: &str) -> Result<BudgetThresholds, Option<String>> {
        // Its error says the same as `expected`.
        text.parse().map_err(|_| None)
    }
}

impl Values for Origins {
    fn expected(&self) -> String {
        "`*`, or origins such as `https://app.example.com`, separated by commas".to_owned()
    }
}

impl Parse for Origins {
    type Value = Vec<String>;

    fn parse(&self, text: &str) -> Result<Vec<String>, Option<String>> {
        listed(text, |entry| origin(entry).ok_or_else(|| format!("`{entry}` is no origin")))
    }
}

impl Values for Hubs {
    fn expected(&self) -> String {
        let known: Vec<String> = HUBS.iter().map(|hub| format!("`{}`", hub.name)).collect();
        format!("names or routes of hubs, separated by commas; the hubs are {}", known.join(", "))
    }
}

impl Parse for Hubs {
    type Value = Vec<&'static Hub>;

    fn parse(&self, text: &str) -> Result<Vec<&'static Hub>, Option<String>> {
        listed(text, |entry| hub::named(entry).ok_or_else(|| format!("there is no hub `{entry}`")))
    }
}

impl Values for LimitsByHub {
    fn expected(&self) -> String {
        r#"JSON of events a minute by hub and event, such as `{"TaskHub":{"TaskProgress":600,"*":6000}}`"#.to_owned()
    }
}

impl Parse for LimitsByHub {
    type Value = HubLimits;

    fn parse(&self, text: &str) -> Result<HubLimits, Option<String>> {
        HubLimits::parse(text).map_err(|rejection| Some(rejection.to_string()))
    }
}

impl Values for Providers {
    fn expected(&self) -> String {
        r#"JSON of providers by name, such as `{"openai":{"WebSocketUrl":"wss://api.openai.com/v1/realtime","Models":["gpt-realtime"]}}`"#.to_owned()
    }
}

impl Parse for Providers {
    type Value = RealtimeProviders;

    fn parse(&self, text: &str) -> Result<RealtimeProviders, Option<String>> {
        RealtimeProviders::parse(text).map_err(|rejection| Some(rejection.to_string()))
    }
}

/// The longest name of a model, in bytes: that of a model in a key's list.
const MAX_MODEL_BYTES: usize = 200;

impl Values for ModelName {
    fn expected(&self) -> String {
        format!("a name of up to {MAX_MODEL_BYTES} letters, digits and `-._/:`")
    }
}

impl Parse for ModelName {
    type Value = String;

    fn parse(&self, text: &str) -> Result<String, Option<String>> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte));
        if is_plain && text.len() <= MAX_MODEL_BYTES { Ok(text.to_owned()) } else { Err(None) }
    }
}

impl Values for Prices {
    fn expected(&self) -> String {
        r#"JSON of prices by model, such as `{"gpt-realtime":{"inputAudioPerMillion":32,"outputAudioPerMillion":64}}`"#
            .to_owned()
    }
}

impl Parse for Prices {
    type Value = ModelPrices;

    fn parse(&self, text: &str) -> Result<ModelPrices, Option<String>> {
        ModelPrices::parse(text).map_err(|rejection| Some(rejection.to_string()))
    }
}

/// The entries of a list with commas, each once; an entry of nothing counts for nothing.
fn listed<T: PartialEq>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, Option<String>> {
    let mut list = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let value = read(entry).map_err(Some)?;
        if !list.contains(&value) {
            list.push(value);
        }
    }
    Ok(list)
}

/// An origin as a browser's `Origin` header has it; a slash at its end is forgiven. None of what no browser sends, as that
/// would never match.
fn origin(entry: &str) -> Option<String> {
    if entry == "*" {
        return Some(entry.to_owned());
    }
    let entry = entry.strip_suffix('/').unwrap_or(entry);
    let (_, host_and_port) = entry.split_once("://")?;
    // Anything else is no host and port, or a pattern.
    if host_and_port.contains(['/', '\\', '?', '#', '@', '*']) {
        return None;
    }
    let url = Url::parse(entry).ok()?;
    url.host_str().filter(|host| !host.is_empty())?;
    match url.scheme() {
        // Without the scheme's own port, and with the host in ASCII.
        "http" | "https" => Some(url.origin().ascii_serialization()),
        // Those of apps, such as tauri://localhost, have no such form.
        _ => Some(entry.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_lie_within_their_ends() {
        let numbers = Whole { lowest: 1, highest: 300 };
        for (text, expected) in [("1", 1), ("300", 300), ("015", 15)] {
            assert_eq!(numbers.parse(text), Ok(expected), "{text}");
        }
        for text in ["0", "301", "-1", "1.5", "1e2", "1,5", "many", "18446744073709551616"] {
            assert_eq!(numbers.parse(text), Err(None), "{text}");
        }
    }

    #[test]
    fn delays_are_seconds_with_or_without_a_fraction() {
        assert_eq!(Delays.parse("2, 4,0.05,86400"), Ok(vec![2_000, 4_000, 50, 86_400_000]));
        for text in ["", ",", "2,", "-1", "1e3", "inf", "NaN", "86401", "2;4", &["1"; 21].join(",")] {
            assert_eq!(Delays.parse(text), Err(None), "{text}");
        }
    }

    #[test]
    fn a_flag_is_true_or_false_and_nothing_like_it() {
        assert_eq!((Flag.parse("true"), Flag.parse("false")), (Ok(true), Ok(false)));
        for text in ["True", "1", "yes", "on"] {
            assert_eq!(Flag.parse(text), Err(None), "{text}");
        }
    }

    #[test]
    fn origins_are_kept_as_browsers_write_them() {
        for (text, expected) in [
            ("", &[][..]),
            ("*", &["*"]),
            ("https://a.example/, http://b.example:8080,", &["https://a.example", "http://b.example:8080"]),
            ("HTTPS://A.Example:443,https://a.example", &["https://a.example"]),
            ("https://bücher.example", &["https://xn--bcher-kva.example"]),
            ("http://[::1]:3000,tauri://localhost", &["http://[::1]:3000", "tauri://localhost"]),
        ] {
            let expected: Vec<String> = expected.iter().map(|&origin| origin.to_owned()).collect();
            assert_eq!(Origins.parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for entry in [
            "a.example",
            "null",
            "https:",
            "https://",
            "https:a.example",
            "https://a.example/page",
            "https://a.example?x=1",
            "https://name@a.example",
            "https://*.example",
            "https://a.example:99999",
            "file:///",
        ] {
            let text = format!("https://good.example,{entry}");
            assert_eq!(Origins.parse(&text), Err(Some(format!("`{entry}` is no origin"))));
        }
    }

    #[test]
    fn hubs_are_named_by_name_or_route_and_counted_once() {
        let named = Hubs.parse("TaskHub, spend,task-notifications,").unwrap();
        assert_eq!(named, [&hub::TASK_HUB, &hub::SPEND_HUB]);
        assert_eq!(Hubs.parse("TaskHub,Chat"), Err(Some("there is no hub `Chat`".to_owned())));
    }
}
