//! The ledger of a key in storage: where it stands, what each minute of the last two hours and each day of the last
//! months brought.

use std::cell::RefCell;

use contract::{
    AlertState, AnomalyState, DaySpend, Identifier, KeyRecord, Money, SpendAccount, SpendTotals, SpendUpdate,
    SpendView, SpendWindow,
    period::{day_of, start_of_day},
    spend_summary::{top_models, top_providers},
    spend_window::minute_of,
};
use serde::{Deserialize, Serialize};
use worker::{Result, SqlStorage};

use crate::{
    identifiers::{HOUR_MILLIS, now_millis},
    rows,
    tables::Tables,
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS spend (only INTEGER PRIMARY KEY, ledger TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS spend_minute (
        minute INTEGER PRIMARY KEY, amount TEXT NOT NULL, records INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS spend_day (
        day INTEGER NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        amount TEXT NOT NULL,
        requests INTEGER NOT NULL,
        PRIMARY KEY (day, provider, model)
    ) WITHOUT ROWID";

/// Days that are kept: a month's summary compares it with the month before.
const DAYS_KEPT: i64 = 64;

/// Where the ledger stands. Its JSON is how it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Ledger {
    pub(super) totals: SpendTotals,
    pub(super) alerts: AlertState,
    pub(super) anomaly: AnomalyState,
    /// When a threshold that is held back is to be looked at.
    pub(super) next_alert_millis: Option<i64>,
    /// The last day on which was looked whether summaries are due.
    pub(super) looked_at_day: Option<i64>,
    /// The last day of a record.
    pub(super) last_day: Option<i64>,
}

impl Ledger {
    /// When the alarm has to ring for it.
    pub(super) fn next_due_millis(&self, now_millis: i64) -> Option<i64> {
        let summary = next_summary_millis(self.last_day, now_millis);
        [self.totals.due_at(now_millis), self.next_alert_millis, summary].into_iter().flatten().min()
    }
}

/// What was spent in some time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) amount: Money,
    pub(super) records: u64,
}

impl Spent {
    pub(super) fn add(&mut self, amount: Money, records: u64) {
        self.amount = self.amount.saturating_add(amount);
        self.records += records;
    }
}

/// A day, a provider, a model; the names are empty where the producer gave none.
pub(super) type DayKey = (i64, String, String);

/// The tables of the ledger.
pub(crate) struct Spend {
    tables: Tables,
    ledger: RefCell<Option<Ledger>>,
    window: RefCell<Option<SpendWindow>>,
}

impl Spend {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), ledger: RefCell::default(), window: RefCell::default() }
    }

    /// Reads where the ledger stands; the default where nothing was ever spent.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Ledger) -> T) -> Result<T> {
        let mut known = self.ledger.borrow_mut();
        let ledger = match &mut *known {
            Some(ledger) => ledger,
            unknown => {
                let row = rows::first(self.tables.sql()?, "SELECT ledger FROM spend", Vec::new())?;
                let stored = row.map(|mut row| serde_json::from_str(&row.text())).transpose()?;
                unknown.insert(stored.unwrap_or_default())
            }
        };
        Ok(read(ledger))
    }

    /// What the last two hours brought, by the minute.
    pub(super) fn window(&self, now_millis: i64) -> Result<SpendWindow> {
        if let Some(window) = self.window.borrow().as_ref() {
            return Ok(window.clone());
        }
        let query = "SELECT minute, amount, records FROM spend_minute WHERE minute >= ?";
        let since = minute_of(now_millis - 2 * HOUR_MILLIS);
        let mut window = SpendWindow::default();
        for mut row in rows::all(self.tables.sql()?, query, vec![since.into()])? {
            let minute = row.integer().unwrap_or(0);
            window.load(minute, money(&row.text())?, unsigned(row.integer()));
        }
        self.window.replace(Some(window.clone()));
        Ok(window)
    }

    /// The rows of some days, the last one not included.
    pub(super) fn days(&self, from: i64, to: i64) -> Result<Vec<DaySpend>> {
        let query = "SELECT day, provider, model, amount, requests FROM spend_day WHERE day >= ? AND day < ?";
        let rows = rows::all(self.tables.sql()?, query, vec![from.into(), to.into()])?;
        let named = |name: String| Identifier::new(name).ok();
        let row = |mut row: rows::Row| {
            Ok(DaySpend {
                day: row.integer().unwrap_or(0),
                provider: named(row.text()),
                model: named(row.text()),
                amount: money(&row.text())?,
                requests: unsigned(row.integer()),
            })
        };
        rows.into_iter().map(row).collect()
    }

    pub(super) fn write_ledger(&self, ledger: &Ledger) -> Result<()> {
        let row = vec![serde_json::to_string(ledger)?.into()];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO spend VALUES (1, ?)", row)?;
        self.ledger.replace(Some(ledger.clone()));
        Ok(())
    }

    /// Sets what the last two hours brought, of which these minutes are new: added to what they had.
    pub(super) fn add_minute(&self, minute: i64, spent: Spent) -> Result<()> {
        let sql = self.tables.sql()?;
        let query = "SELECT amount, records FROM spend_minute WHERE minute = ?";
        let total = total(rows::first(sql, query, vec![minute.into()])?, spent)?;
        let row = vec![minute.into(), total.amount.to_string().into(), signed(total.records).into()];
        rows::run(sql, "INSERT OR REPLACE INTO spend_minute VALUES (?, ?, ?)", row)
    }

    pub(super) fn remember_window(&self, window: &SpendWindow) {
        self.window.replace(Some(window.clone()));
    }

    pub(super) fn add_day(&self, (day, provider, model): &DayKey, spent: Spent) -> Result<()> {
        let sql = self.tables.sql()?;
        let key = || vec![(*day).into(), provider.as_str().into(), model.as_str().into()];
        let query = "SELECT amount, requests FROM spend_day WHERE day = ? AND provider = ? AND model = ?";
        let total = total(rows::first(sql, query, key())?, spent)?;
        let mut row = key();
        row.extend([total.amount.to_string().into(), signed(total.records).into()]);
        rows::run(sql, "INSERT OR REPLACE INTO spend_day VALUES (?, ?, ?, ?, ?)", row)
    }

    /// What clients of the key were told that it has spent.
    pub(crate) fn announced(&self, account: SpendAccount<'_>) -> Result<SpendUpdate> {
        let (mut totals, looked_at_day) = self.read(|ledger| (ledger.totals.clone(), ledger.looked_at_day))?;
        if looked_at_day.is_none() {
            // Nothing was ever spent, so there is nothing that the new period could leave unsaid.
            let _nothing = totals.roll_over(account, now_millis());
        }
        Ok(totals.snapshot(account))
    }

    /// What the key has spent in its period.
    pub(crate) fn current(&self, account: SpendAccount<'_>, now_millis: i64) -> Result<Money> {
        let mut totals = self.read(|ledger| ledger.totals.clone())?;
        // Only looked at: the update that a new period begins with is made where it is kept.
        let _unannounced = totals.roll_over(account, now_millis);
        Ok(totals.current_spend())
    }

    /// What the key has spent, as its owner reads it.
    pub(crate) fn view(&self, record: &KeyRecord, account: SpendAccount<'_>, now_millis: i64) -> Result<SpendView> {
        let mut totals = self.read(|ledger| ledger.totals.clone())?;
        let _unannounced = totals.roll_over(account, now_millis);
        let standing = totals.snapshot(account);
        let bounds = account.period().bounds(now_millis);
        let from = bounds.start_millis.map_or(0, day_of);
        let days = self.days(from, day_of(now_millis) + 1)?;
        let current_spend = totals.current_spend();
        Ok(SpendView {
            current_spend,
            budget: standing.budget,
            budget_percentage: account.limit().and_then(|limit| contract::Percentage::of(current_spend, limit.get())),
            period_start: contract::time::Timestamp(bounds.start_millis.unwrap_or(record.created_at_millis)),
            period_end: bounds.end_millis.map(contract::time::Timestamp),
            requests: totals.requests(),
            top_models: top_models(&days),
            top_providers: top_providers(&days),
        })
    }

    /// Drops what no rule asks for any more. True if anything is left.
    pub(crate) fn sweep(&self, now_millis: i64) -> Result<bool> {
        let sql = self.tables.sql()?;
        let minute = minute_of(now_millis - 2 * HOUR_MILLIS) - 1;
        rows::run(sql, "DELETE FROM spend_minute WHERE minute < ?", vec![minute.into()])?;
        let day = day_of(now_millis) - DAYS_KEPT;
        rows::run(sql, "DELETE FROM spend_day WHERE day < ?", vec![day.into()])?;
        Ok(rows::first(sql, "SELECT 1 FROM spend_day LIMIT 1", Vec::new())?.is_some())
    }

    /// What memory holds is not so: storage was erased, or a transaction was taken back.
    pub(crate) fn forget(&self) {
        self.tables.forget();
        self.ledger.replace(None);
        self.window.replace(None);
    }
}

fn total(row: Option<rows::Row>, spent: Spent) -> Result<Spent> {
    let Some(mut row) = row else { return Ok(spent) };
    let amount = money(&row.text())?.saturating_add(spent.amount);
    Ok(Spent { amount, records: unsigned(row.integer()) + spent.records })
}

fn money(text: &str) -> Result<Money> {
    text.parse().map_err(|error| worker::Error::RustError(format!("the ledger has {text:?}: {error}")))
}

fn unsigned(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// When the next summary can be due that has anything to say, given the last day of a record.
fn next_summary_millis(last_day: Option<i64>, now_millis: i64) -> Option<i64> {
    use contract::BudgetPeriod::{Daily, Monthly, Weekly};
    let last_millis = start_of_day(last_day?);
    [Daily, Weekly, Monthly]
        .into_iter()
        .filter_map(|period| period.bounds(last_millis).end_millis)
        .find(|end_millis| *end_millis > now_millis)
}
