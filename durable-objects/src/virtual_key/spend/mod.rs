//! What a key spends: each record into the ledger, and what follows from it, in one transaction.

mod store;

use std::collections::BTreeMap;

use contract::{
    AlertRule, Amount, BudgetAlert, Identifier, KeyRecord, Money, Notification, SpendAccount, SpendRecorded,
    SpendUpdate, SpendWindow,
    admin_hub::{self, virtual_key_group},
    budget,
    hub::{ADMIN_HUB, SPEND_HUB, key_group},
    period::day_of,
    spend_summary::{due_summaries, summarise},
    spend_window::minute_of,
};
use worker::Result;

pub(crate) use self::store::Spend;
use self::store::{DayKey, Ledger, Spent};
use super::{VirtualKey, draft::Draft, key_state::KeyState, services::Services};
use crate::identifiers::now_millis;

/// What a call changes of the ledger.
pub(crate) struct SpendDraft<'a> {
    spend: &'a Spend,
    book: Option<Book>,
}

/// The ledger while a call works on it.
#[derive(Default)]
struct Book {
    ledger: Ledger,
    window: SpendWindow,
    minutes: BTreeMap<i64, Spent>,
    days: BTreeMap<DayKey, Spent>,
    is_changed: bool,
}

impl Book {
    /// Adds what came in so many requests: negative where it is paid back.
    fn add(&mut self, amount: Money, requests: u64, now_millis: i64, day: DayKey) {
        self.window.record(amount, requests, now_millis);
        self.minutes.entry(minute_of(now_millis)).or_default().add(amount, requests);
        self.days.entry(day).or_default().add(amount, requests);
        self.is_changed = true;
    }
}

impl<'a> SpendDraft<'a> {
    pub(crate) fn new(spend: &'a Spend) -> Self {
        Self { spend, book: None }
    }

    /// Takes the ledger out, to work on it beside the rest of the draft.
    fn open(&mut self, now_millis: i64) -> Result<Book> {
        if let Some(book) = self.book.take() {
            return Ok(book);
        }
        let (ledger, window) = (self.spend.read(Ledger::clone)?, self.spend.window(now_millis)?);
        Ok(Book { ledger, window, ..Book::default() })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.book.as_ref().is_none_or(|book| !book.is_changed)
    }

    /// When the alarm has to ring for it.
    pub(crate) fn next_due_millis(&self) -> Result<Option<i64>> {
        let next_due = |ledger: &Ledger| ledger.next_due_millis(now_millis());
        match &self.book {
            Some(book) => Ok(next_due(&book.ledger)),
            None => self.spend.read(next_due),
        }
    }

    /// Inside the transaction of the call.
    pub(crate) fn write(&self) -> Result<()> {
        let Some(book) = self.book.as_ref().filter(|book| book.is_changed) else { return Ok(()) };
        for (minute, spent) in &book.minutes {
            self.spend.add_minute(*minute, *spent)?;
        }
        for (day, spent) in &book.days {
            self.spend.add_day(day, *spent)?;
        }
        self.spend.remember_window(&book.window);
        self.spend.write_ledger(&book.ledger)
    }
}

/// Adds a record, of a request that is to be counted or of one that was: alerts in ascending order, then the update, then a
/// look at whether that is unusual.
pub(crate) fn take(
    draft: &mut Draft<'_>,
    record: &KeyRecord,
    recorded: &SpendRecorded,
    counts: bool,
    correlation_id: Option<&str>,
) -> Result<()> {
    let now_millis = draft.now_millis;
    let id = identifier(record)?;
    let account = SpendAccount { virtual_key_id: &id, budget: record.budget.as_ref() };
    let mut book = draft.spend.open(now_millis)?;
    begin_period(draft, &mut book, account);
    let amount = recorded.amount.get();
    let day = day_of(now_millis);
    let name = |name: &Option<Identifier>| name.as_ref().map(ToString::to_string).unwrap_or_default();
    if counts {
        book.ledger.totals.record(recorded);
    } else {
        book.ledger.totals.record_more(recorded);
    }
    book.ledger.last_day = Some(day);
    book.ledger.looked_at_day.get_or_insert(day);
    book.add(amount, u64::from(counts), now_millis, (day, name(&recorded.provider), name(&recorded.model)));

    alert_and_update(draft, &mut book, account, correlation_id)?;
    if let Some(unusual) = book.ledger.anomaly.check(&book.window, now_millis) {
        let groups = vec![key_group(&record.id)];
        draft.tell(correlation_id, |meta| Notification::new(&SPEND_HUB, groups, &unusual, meta));
    }
    draft.spend.book = Some(book);
    Ok(())
}

/// Pays back what was recorded too much, as far as this period has it.
pub(crate) fn pay_back(
    draft: &mut Draft<'_>,
    record: &KeyRecord,
    provider: &str,
    model: &str,
    amount: Money,
) -> Result<()> {
    let now_millis = draft.now_millis;
    let id = identifier(record)?;
    let account = SpendAccount { virtual_key_id: &id, budget: record.budget.as_ref() };
    let mut book = draft.spend.open(now_millis)?;
    begin_period(draft, &mut book, account);
    let paid = book.ledger.totals.pay_back(amount);
    let day = (day_of(now_millis), provider.to_owned(), model.to_owned());
    book.add(Money::ZERO.saturating_sub(paid), 0, now_millis, day);
    alert_and_update(draft, &mut book, account, None)?;
    draft.spend.book = Some(book);
    Ok(())
}

/// A record of what a session of that provider and model cost.
pub(crate) fn record_of(provider: &str, model: &str, amount: Money) -> Result<SpendRecorded> {
    let amount = Amount::new(amount).map_err(|error| worker::Error::RustError(error.to_string()))?;
    let name = |name: &str| Identifier::new(name).ok();
    let (provider, model) = (name(provider), name(model));
    Ok(SpendRecorded { amount, provider, model, request_id: None, input_tokens: None, output_tokens: None })
}

/// Does what the time asks for: ends a period, tells what waited, alerts of what was held back, sums up what is over.
fn settle(draft: &mut Draft<'_>, record: &KeyRecord) -> Result<()> {
    let now_millis = draft.now_millis;
    let id = identifier(record)?;
    let account = SpendAccount { virtual_key_id: &id, budget: record.budget.as_ref() };
    let mut book = draft.spend.open(now_millis)?;
    let Some(looked_at_day) = book.ledger.looked_at_day else { return Ok(()) };
    begin_period(draft, &mut book, account);
    alert_and_update(draft, &mut book, account, None)?;
    let today = day_of(now_millis);
    if today > looked_at_day {
        for due in due_summaries(Some(looked_at_day), today) {
            let spend = draft.spend.spend;
            let rows = spend.days(due.from_day, due.to_day)?;
            let before = spend.days(due.previous_from_day, due.from_day)?;
            if let Some(summary) = summarise(&due, &rows, &before) {
                let groups = vec![key_group(&record.id)];
                draft.tell(None, |meta| Notification::new(&SPEND_HUB, groups, &summary, meta));
            }
        }
        book.ledger.looked_at_day = Some(today);
        book.is_changed = true;
    }
    draft.spend.book = Some(book);
    Ok(())
}

/// Tells what was not announced of a period that is over.
fn begin_period(draft: &mut Draft<'_>, book: &mut Book, account: SpendAccount<'_>) {
    let before = book.ledger.totals.clone();
    let last = book.ledger.totals.roll_over(account, draft.now_millis);
    book.is_changed |= before != book.ledger.totals;
    tell_update(draft, account, last, None);
}

/// Alerts of what is newly reached, and tells where the ledger stands if that is due, or makes an alert understood.
fn alert_and_update(
    draft: &mut Draft<'_>,
    book: &mut Book,
    account: SpendAccount<'_>,
    correlation_id: Option<&str>,
) -> Result<()> {
    let has_alerts = alert(draft, book, account, correlation_id)?;
    if has_alerts || book.ledger.totals.due_at(draft.now_millis) == Some(draft.now_millis) {
        let update = book.ledger.totals.announce(account, draft.now_millis);
        book.is_changed |= update.is_some();
        tell_update(draft, account, update, correlation_id);
    }
    Ok(())
}

/// Alerts of the thresholds that are newly reached. True if there are any.
fn alert(
    draft: &mut Draft<'_>,
    book: &mut Book,
    account: SpendAccount<'_>,
    correlation_id: Option<&str>,
) -> Result<bool> {
    let rule: &AlertRule = &draft.services.configuration()?.alert_rule;
    let spent = book.ledger.totals.current_spend();
    let evaluated = budget::evaluate(&book.ledger.alerts, account, spent, rule, draft.now_millis);
    book.is_changed |=
        evaluated.state != book.ledger.alerts || evaluated.next_due_millis != book.ledger.next_alert_millis;
    book.ledger.alerts = evaluated.state;
    book.ledger.next_alert_millis = evaluated.next_due_millis;
    for alert in &evaluated.alerts {
        tell_alert(draft, account, alert, correlation_id);
    }
    Ok(!evaluated.alerts.is_empty())
}

/// Tells the key's clients, and whoever administers, of an alert.
fn tell_alert(draft: &mut Draft<'_>, account: SpendAccount<'_>, alert: &BudgetAlert, correlation_id: Option<&str>) {
    let id = account.virtual_key_id.as_str();
    draft.tell(correlation_id, |meta| Notification::new(&SPEND_HUB, vec![key_group(id)], alert, meta));
    draft.raise(correlation_id, |meta| Notification::new(&ADMIN_HUB, vec![virtual_key_group(id)], alert, meta));
    if let Some(high) = alert.high_spend() {
        draft.raise(correlation_id, |meta| {
            Notification::new(&ADMIN_HUB, vec![admin_hub::GROUP.to_owned()], &high, meta)
        });
    }
}

fn tell_update(
    draft: &mut Draft<'_>,
    account: SpendAccount<'_>,
    update: Option<SpendUpdate>,
    correlation_id: Option<&str>,
) {
    if let Some(update) = update {
        let groups = vec![key_group(account.virtual_key_id.as_str())];
        draft.tell(correlation_id, |meta| Notification::new(&SPEND_HUB, groups, &update, meta));
    }
}

/// Works with the account of a key.
pub(crate) fn with_account<T>(record: &KeyRecord, work: impl FnOnce(SpendAccount<'_>) -> Result<T>) -> Result<T> {
    let id = identifier(record)?;
    work(SpendAccount { virtual_key_id: &id, budget: record.budget.as_ref() })
}

/// The id of a key. The registry has none that is no identifier.
fn identifier(record: &KeyRecord) -> Result<Identifier> {
    Identifier::new(record.id.as_str()).map_err(|error| worker::Error::RustError(error.to_string()))
}

impl Services {
    /// Does what the time asks for, before somebody is told where the ledger stands. True if operators are to be told.
    pub(super) fn settle_spend(&self) -> Result<bool> {
        let Some(KeyState::Known(record)) = self.key.stored()? else { return Ok(false) };
        let mut draft = Draft::new(self, now_millis());
        settle(&mut draft, &record)?;
        if draft.spend.is_empty() {
            return Ok(false);
        }
        draft.commit()?;
        draft.send();
        Ok(draft.has_raised())
    }
}

impl VirtualKey {
    /// Has a draft do what the time asks for.
    pub(super) fn settle_into(&self, draft: &mut Draft<'_>) -> Result<()> {
        match self.services.key.stored()? {
            Some(KeyState::Known(record)) => settle(draft, &record),
            _ => Ok(()),
        }
    }

    /// Settles after the key's budget may have changed.
    pub(super) async fn settle_after_change(&self) -> Result<()> {
        let has_raised = self.services.settle_spend()?;
        self.server.flush();
        if has_raised {
            self.empty_outbox().await?;
        }
        self.wind(&Draft::new(&self.services, now_millis())).await
    }
}
