//! What a session has used and what that costs.
//!
//! The ledger keeps the sum that is due, made of three parts, and writes rows that bring the sum of all rows up to it:
//!
//! - what is **metered** here: audio in and out, the length of the session, calls of functions;
//! - what the provider **reports** for a response: tokens;
//! - an **estimate** of the tokens of a response of which no report has come, made of what was heard and said. It holds
//!   nothing of the conversation before, so it is never more than what a report would have said.
//!
//! A report takes the place of its estimate; what differs is a row of its own, never a change of a row. A row's cost is
//! the difference of two sums, each rounded once: so rounding does not add up, and Σ rows is what the sum of quantities
//! costs, to the last decimal.

mod prices;
mod quantities;

pub use prices::{MAX_COST, Prices, TOOL_CALL_OUTPUT_TOKENS};
pub use quantities::Quantities;

use crate::audio::TICKS_PER_SECOND;
use crate::model::TokenUsage;
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::VecDeque;

/// How many responses that ended may still be reported.
const MAX_RECENT: usize = 16;

/// What is assumed of a response of which no report came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimateRates {
    /// Tokens of a second that the user speaks.
    pub input_audio_tokens_per_second: u32,
    /// Tokens of a second that the model speaks.
    pub output_audio_tokens_per_second: u32,
    /// Characters of a token of text; 0 means that text has no tokens.
    pub characters_per_token: u32,
}

impl EstimateRates {
    /// OpenAI: a token for 100 ms heard, and for 50 ms spoken.
    pub const OPENAI: Self =
        Self { input_audio_tokens_per_second: 10, output_audio_tokens_per_second: 20, characters_per_token: 4 };
    /// Gemini: 25 tokens a second both ways, the lower of the figures that are known.
    pub const GEMINI: Self =
        Self { input_audio_tokens_per_second: 25, output_audio_tokens_per_second: 25, characters_per_token: 4 };
    /// Providers that bill by time have no tokens.
    pub const SECONDS_ONLY: Self =
        Self { input_audio_tokens_per_second: 0, output_audio_tokens_per_second: 0, characters_per_token: 0 };
}

/// Why a row was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// What was metered, and what was reported and never estimated.
    Usage,
    /// There is an estimate in it, which a report may still correct.
    Estimate,
    /// A report that takes the place of an estimate, with the difference of the two.
    Correction,
}

/// One entry: what came to be due since the last. A correction can be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// 1 for the first row of the session, and so on.
    pub sequence: u64,
    /// Why it was written.
    pub kind: RowKind,
    /// What was used.
    pub quantities: Quantities,
    /// What that costs, with ten decimals at the most.
    pub cost: Decimal,
}

/// One response.
#[derive(Debug, Clone, Default)]
struct Account {
    response_id: String,
    heard_ticks: u64,
    spoken_ticks: u64,
    written_characters: u64,
    report: Option<TokenUsage>,
}

/// The ledger of one session.
#[derive(Debug, Clone)]
pub struct Ledger {
    prices: Prices,
    rates: EstimateRates,
    metered: Quantities,
    /// The responses that can be reported no more.
    closed: Quantities,
    /// The latest responses; the last may still be going on.
    accounts: VecDeque<Account>,
    /// Whether the last account is of a response that is going on.
    is_open: bool,
    /// Audio of the user that no response has answered.
    unanswered_ticks: u64,
    /// Σ rows.
    billed: Quantities,
    billed_cost: Decimal,
    sequence: u64,
    corrects: bool,
}

impl Ledger {
    /// Opens the ledger of a session.
    pub fn new(prices: Prices, rates: EstimateRates) -> Self {
        Self {
            prices,
            rates,
            metered: Quantities::default(),
            closed: Quantities::default(),
            accounts: VecDeque::new(),
            is_open: false,
            unanswered_ticks: 0,
            billed: Quantities::default(),
            billed_cost: Decimal::ZERO,
            sequence: 0,
            corrects: false,
        }
    }

    /// Another provider took over: from now on its rates are assumed.
    pub fn set_rates(&mut self, rates: EstimateRates) {
        while let Some(account) = self.accounts.pop_front() {
            self.closed = self.closed.plus(account.quantities(self.rates));
        }
        self.is_open = false;
        self.rates = rates;
    }

    /// Counts audio that goes to the provider, in [ticks](TICKS_PER_SECOND).
    pub fn heard(&mut self, ticks: u64) {
        self.metered.input_audio_ticks = self.metered.input_audio_ticks.saturating_add_unsigned(ticks);
        self.unanswered_ticks = self.unanswered_ticks.saturating_add(ticks);
    }

    /// Counts audio that goes to the client, in [ticks](TICKS_PER_SECOND).
    pub fn spoken(&mut self, ticks: u64) {
        self.metered.output_audio_ticks = self.metered.output_audio_ticks.saturating_add_unsigned(ticks);
        if let Some(account) = self.open_account() {
            account.spoken_ticks = account.spoken_ticks.saturating_add(ticks);
        }
    }

    /// Counts words that go to the client.
    pub fn written(&mut self, characters: usize) {
        if let Some(account) = self.open_account() {
            account.written_characters = account.written_characters.saturating_add(characters as u64);
        }
    }

    /// Counts what the provider reports for putting the user's speech into words: OpenAI's `usage` of a transcription.
    pub fn transcribed(&mut self, usage: &Value) {
        self.metered = self.metered.plus(Quantities::of_transcription(usage));
    }

    /// Counts a call of a function.
    pub fn tool_called(&mut self) {
        self.metered.tool_calls = self.metered.tool_calls.saturating_add(1);
    }

    /// The session has lasted so long. It does not get shorter.
    pub fn lasted(&mut self, millis: u64) {
        let millis = i64::try_from(millis).unwrap_or(i64::MAX);
        self.metered.session_millis = self.metered.session_millis.max(millis);
    }

    /// The provider says how long the session was, which is how long it bills: longer or shorter than it was here.
    pub fn duration_reported(&mut self, millis: u64) {
        let millis = i64::try_from(millis).unwrap_or(i64::MAX);
        self.corrects |= self.metered.session_millis != millis;
        self.metered.session_millis = millis;
    }

    /// A response begins. Its name is the session's own.
    pub fn response_started(&mut self, response_id: &str) {
        if self.accounts.len() == MAX_RECENT {
            let oldest = self.accounts.pop_front().map(|account| account.quantities(self.rates));
            self.closed = self.closed.plus(oldest.unwrap_or_default());
        }
        let heard_ticks = std::mem::take(&mut self.unanswered_ticks);
        self.accounts.push_back(Account { response_id: response_id.to_owned(), heard_ticks, ..Account::default() });
        self.is_open = true;
    }

    /// The response that is going on ends.
    pub fn response_ended(&mut self) {
        self.is_open = false;
    }

    /// The provider reports what a response used; a later report takes the place of an earlier one.
    ///
    /// A report without a name is of the last response that ended, if that has none; else of the one that is going on.
    pub fn reported(&mut self, response_id: Option<&str>, usage: TokenUsage) {
        let index = match response_id {
            Some(id) => self.accounts.iter().position(|account| account.response_id == id),
            None => self.latest_without_report(),
        };
        let rates = self.rates;
        match index.and_then(|index| self.accounts.get_mut(index)) {
            Some(account) => {
                self.corrects |= account.report.is_some() || !account.quantities(rates).is_zero();
                account.report = Some(usage);
            }
            // Of a response that nobody knows of: it is due all the same.
            None => self.closed = self.closed.plus(Quantities::of_report(&usage)),
        }
    }

    /// Everything that was used so far, estimates included.
    pub fn due(&self) -> Quantities {
        let accounts = self.accounts.iter().map(|account| account.quantities(self.rates));
        accounts.fold(self.metered.plus(self.closed), Quantities::plus)
    }

    /// What that costs: what a lease of credit must cover.
    pub fn due_cost(&self) -> Decimal {
        self.prices.cost(&self.due())
    }

    /// The sum of all rows.
    pub fn billed(&self) -> (Quantities, Decimal) {
        (self.billed, self.billed_cost)
    }

    /// Writes the row that brings the sum of all rows up to what is due, if it is not.
    pub fn settle(&mut self) -> Option<Row> {
        let due = self.due();
        let quantities = due.minus(self.billed);
        let corrects = std::mem::take(&mut self.corrects);
        if quantities.is_zero() {
            return None;
        }
        let due_cost = self.prices.cost(&due);
        let cost = due_cost - self.billed_cost;
        let has_estimate = |account: &Account| account.report.is_none() && !account.quantities(self.rates).is_zero();
        let kind = match () {
            () if corrects => RowKind::Correction,
            () if self.accounts.back().is_some_and(has_estimate) => RowKind::Estimate,
            () => RowKind::Usage,
        };
        self.sequence += 1;
        (self.billed, self.billed_cost) = (due, due_cost);
        Some(Row { sequence: self.sequence, kind, quantities, cost })
    }

    fn open_account(&mut self) -> Option<&mut Account> {
        if self.is_open { self.accounts.back_mut() } else { None }
    }

    fn latest_without_report(&self) -> Option<usize> {
        let last = self.accounts.len().checked_sub(1)?;
        let ended_last = if self.is_open { last.checked_sub(1) } else { Some(last) };
        let is_unreported = |&index: &usize| self.accounts.get(index).is_some_and(|account| account.report.is_none());
        ended_last.filter(is_unreported).or(Some(last))
    }
}

impl Account {
    fn quantities(&self, rates: EstimateRates) -> Quantities {
        if let Some(report) = &self.report {
            return Quantities::of_report(report);
        }
        let audio_tokens = |ticks: u64, per_second: u32| {
            let tokens = ticks.saturating_mul(u64::from(per_second)).div_ceil(TICKS_PER_SECOND);
            i64::try_from(tokens).unwrap_or(i64::MAX)
        };
        let characters = i64::try_from(self.written_characters).unwrap_or(i64::MAX);
        let per_token = i64::from(rates.characters_per_token);
        Quantities {
            input_audio_tokens: audio_tokens(self.heard_ticks, rates.input_audio_tokens_per_second),
            output_audio_tokens: audio_tokens(self.spoken_ticks, rates.output_audio_tokens_per_second),
            output_text_tokens: characters.checked_div(per_token).unwrap_or(0),
            ..Quantities::default()
        }
    }
}

#[cfg(test)]
mod tests;
