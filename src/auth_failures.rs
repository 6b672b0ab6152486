//! Failed authentications, limited per address: whoever guesses keys is answered without asking the registry.
//!
//! The platform's rate-limit binding counts them for all isolates of a location. It cannot be asked without counting,
//! so an isolate remembers what it counted itself, and which addresses are over the limit.
//!
//! A failure is charged before the registry is asked, so that guesses which come at once cannot all reach it; whoever
//! turns out to have a key is forgiven. A key that KV knows, a token and the master key are recognised without the
//! registry, and so are never charged.

use std::{cell::RefCell, collections::BTreeMap, net::IpAddr};

use durable_objects::{log, now_millis};
use serde_json::json;
use worker::Env;

use crate::{door::Visit, refusal::Refusal};

/// The binding in `wrangler.toml`.
const BINDING: &str = "AUTH_FAILURES";
/// The binding's period.
const PERIOD_MILLIS: i64 = 60_000;
/// Addresses that an isolate remembers. Whoever has more than that is still counted by the platform.
const MAX_ADDRESSES: usize = 10_000;

/// Charges the address of a request with a failed authentication.
///
/// # Errors
///
/// The address is over the limit.
pub(crate) async fn charge(visit: &Visit) -> Result<(), Refusal> {
    let limit = visit.configuration.auth_failures_per_minute;
    if limit == 0 {
        return Ok(());
    }
    let address = address_of(visit);
    let counted = MEMORY.with_borrow_mut(|memory| memory.charge(&address, now_millis(), limit));
    counted.map_err(|seconds| refusal(visit, seconds))?;
    if platform_allows(&visit.env, &address).await {
        return Ok(());
    }
    let seconds = MEMORY.with_borrow_mut(|memory| memory.bar(&address, now_millis()));
    Err(refusal(visit, seconds))
}

/// Takes a charge back: it was no failure. The platform's count can't be lowered; the key is in KV the next time.
pub(crate) fn forgive(visit: &Visit) {
    if visit.configuration.auth_failures_per_minute > 0 {
        MEMORY.with_borrow_mut(|memory| memory.forgive(&address_of(visit)));
    }
}

/// Counts a failure for the whole location. Where that fails, the isolate's own count holds.
async fn platform_allows(env: &Env, address: &str) -> bool {
    let outcome = async { env.rate_limiter(BINDING)?.limit(address.to_owned()).await };
    match outcome.await {
        Ok(outcome) => outcome.success,
        Err(error) => {
            log::warn("a failed authentication was not counted", json!({ "error": error.to_string() }));
            true
        }
    }
}

fn refusal(visit: &Visit, retry_after_seconds: u64) -> Refusal {
    let text = "too many failed authentications from this address; a valid key still passes";
    if visit.is_of_hubs() {
        return Refusal::Plain {
            status: 429,
            text: "Too many failed authentications from this address.".to_owned(),
            header: Some(("retry-after", retry_after_seconds.to_string())),
        };
    }
    Refusal::TooManyRequests { detail: text.to_owned(), retry_after_seconds }
}

fn address_of(visit: &Visit) -> String {
    address_key(visit.remote_address().as_deref().unwrap_or_default())
}

/// What an address is counted under: itself, or of IPv6 its /64, which is what one customer has at the least. The
/// platform always gives an address; requests without one share a count.
fn address_key(address: &str) -> String {
    match address.trim().parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            format!("{}/64", std::net::Ipv6Addr::from(network))
        }
        Err(_) => "unknown".to_owned(),
    }
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::new(Memory::default());
}

/// What this isolate knows of the last minute.
#[derive(Default)]
struct Memory(BTreeMap<String, Failures>);

/// The failures of an address, for a minute from the first one.
struct Failures {
    since_millis: i64,
    count: u64,
    /// The platform says that it has failed too often, whatever was counted here.
    is_barred: bool,
}

impl Failures {
    fn are_over(&self, now_millis: i64) -> bool {
        // A clock that steps back does not bar anybody for longer than a minute.
        !(0..PERIOD_MILLIS).contains(&now_millis.saturating_sub(self.since_millis))
    }

    fn seconds_left(&self, now_millis: i64) -> u64 {
        let millis = self.since_millis.saturating_add(PERIOD_MILLIS).saturating_sub(now_millis);
        u64::try_from(millis.max(0)).unwrap_or(0).div_ceil(1_000).max(1)
    }
}

impl Memory {
    /// Counts a failure, or says after how many seconds the address may fail again.
    fn charge(&mut self, address: &str, now_millis: i64, limit: u64) -> Result<(), u64> {
        let failures = self.of(address, now_millis);
        if failures.is_barred || failures.count >= limit {
            return Err(failures.seconds_left(now_millis));
        }
        failures.count += 1;
        Ok(())
    }

    /// Bars an address until its minute ends, and says after how many seconds that is.
    fn bar(&mut self, address: &str, now_millis: i64) -> u64 {
        let failures = self.of(address, now_millis);
        failures.is_barred = true;
        failures.seconds_left(now_millis)
    }

    fn forgive(&mut self, address: &str) {
        if let Some(failures) = self.0.get_mut(address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    fn of(&mut self, address: &str, now_millis: i64) -> &mut Failures {
        if self.0.len() >= MAX_ADDRESSES && !self.0.contains_key(address) {
            self.0.retain(|_, failures| !failures.are_over(now_millis));
            if self.0.len() >= MAX_ADDRESSES {
                self.0.clear();
            }
        }
        let none = || Failures { since_millis: now_millis, count: 0, is_barred: false };
        let failures = self.0.entry(address.to_owned()).or_insert_with(none);
        if failures.are_over(now_millis) {
            *failures = none();
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_counted_by_itself_and_of_ipv6_by_its_64() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7 ", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:0DB8:0001:0002::", "2001:db8:1:2::/64"),
            ("::1", "::/64"),
            ("", "unknown"),
            ("203.0.113.7, 203.0.113.8", "unknown"),
            ("nonsense", "unknown"),
        ] {
            assert_eq!(address_key(address), expected, "{address:?}");
        }
    }

    #[test]
    fn so_many_failures_a_minute_pass_and_no_more() {
        let mut memory = Memory::default();
        for now_millis in [0, 10_000, 20_000] {
            assert_eq!(memory.charge("a", now_millis, 3), Ok(()));
        }
        assert_eq!(memory.charge("a", 20_000, 3), Err(40));
        assert_eq!(memory.charge("b", 20_000, 3), Ok(()));
        assert_eq!(memory.charge("a", 59_999, 3), Err(1));
        assert_eq!(memory.charge("a", 60_000, 3), Ok(()));
    }

    #[test]
    fn whom_the_platform_bars_is_barred_until_the_minute_ends() {
        let mut memory = Memory::default();
        assert_eq!(memory.charge("a", 0, 3), Ok(()));
        assert_eq!(memory.bar("a", 500), 60);
        assert_eq!(memory.charge("a", 30_000, 3), Err(30));
        assert_eq!(memory.charge("a", 60_000, 3), Ok(()));
    }

    #[test]
    fn a_charge_that_is_forgiven_was_none() {
        let mut memory = Memory::default();
        memory.forgive("a");
        for _ in 0..10 {
            assert_eq!(memory.charge("a", 0, 1), Ok(()));
            memory.forgive("a");
        }
    }

    #[test]
    fn a_clock_that_steps_back_bars_nobody_for_good() {
        let mut memory = Memory::default();
        assert_eq!(memory.charge("a", 1_000_000, 1), Ok(()));
        assert_eq!(memory.charge("a", 5, 1), Ok(()));
    }

    #[test]
    fn memory_has_an_end_and_old_minutes_go_first() {
        let mut memory = Memory::default();
        for number in 0..MAX_ADDRESSES {
            let now_millis = if number % 2 == 0 { 0 } else { 50_000 };
            assert_eq!(memory.charge(&number.to_string(), now_millis, 1), Ok(()));
        }
        assert_eq!(memory.charge("one more", 70_000, 1), Ok(()));
        assert_eq!(memory.0.len(), MAX_ADDRESSES / 2 + 1);
        assert!(memory.charge("1", 70_000, 1).is_err());
        for number in 0..MAX_ADDRESSES {
            assert_eq!(memory.charge(&format!("x{number}"), 70_000, 1), Ok(()));
        }
        assert!(memory.0.len() <= MAX_ADDRESSES);
    }
}
