//! The tasks of a key: a row each, with what is needed to answer whoever subscribes.

use contract::Task;
use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

/// The indexes hold only rows that need them: an index doubles the price of a write.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS task (
        id TEXT PRIMARY KEY,
        task TEXT NOT NULL,
        parent TEXT,
        deadline_at_millis INTEGER,
        updated_at_millis INTEGER NOT NULL,
        ended INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS task_by_deadline ON task (deadline_at_millis) WHERE deadline_at_millis IS NOT NULL;
    CREATE INDEX IF NOT EXISTS task_by_parent ON task (parent) WHERE parent IS NOT NULL;";

/// The table of tasks.
pub(crate) struct TaskStore {
    tables: Tables,
}

impl TaskStore {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    pub(crate) fn read(&self, id: &str) -> Result<Option<Task>> {
        let row = rows::first(self.tables.sql()?, "SELECT task FROM task WHERE id = ?", vec![id.into()])?;
        row.map(|mut row| Ok(serde_json::from_str(&row.text())?)).transpose()
    }

    pub(crate) fn write(&self, task: &Task) -> Result<()> {
        let ended = task.state.has_ended();
        let row = vec![
            task.task_id.as_str().into(),
            serde_json::to_string(task)?.into(),
            task.parent_task_id.as_ref().map(|parent| parent.as_str().to_owned()).into(),
            task.deadline_at_millis.filter(|_| !ended).into(),
            task.updated_at_millis.into(),
            i32::from(ended).into(),
        ];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO task VALUES (?, ?, ?, ?, ?, ?)", row)
    }

    /// The tasks that name this one as their parent.
    pub(crate) fn children(&self, parent: &str) -> Result<Vec<Task>> {
        self.query("SELECT task FROM task WHERE parent = ?", vec![parent.into()])
    }

    /// Tasks whose deadline has come, earliest first, so many at the most.
    pub(crate) fn overdue(&self, now_millis: i64, limit: i64) -> Result<Vec<Task>> {
        let query = "SELECT task FROM task WHERE deadline_at_millis IS NOT NULL AND deadline_at_millis <= ?
            ORDER BY deadline_at_millis LIMIT ?";
        self.query(query, vec![now_millis.into(), limit.into()])
    }

    /// Tasks in the order of their ids, behind one of them.
    pub(crate) fn list(&self, after: &str, limit: u32) -> Result<Vec<Task>> {
        self.query(
            "SELECT task FROM task WHERE id > ? ORDER BY id LIMIT ?",
            vec![after.into(), i64::from(limit).into()],
        )
    }

    /// Tasks that run, or are still to begin, in the order of their ids: so many at the most.
    pub(crate) fn running(&self, limit: i64) -> Result<Vec<Task>> {
        self.query("SELECT task FROM task WHERE ended = 0 ORDER BY id LIMIT ?", vec![limit.into()])
    }

    fn query(&self, query: &str, parameters: Vec<worker::SqlStorageValue>) -> Result<Vec<Task>> {
        let rows = rows::all(self.tables.sql()?, query, parameters)?;
        rows.into_iter().map(|mut row| Ok(serde_json::from_str(&row.text())?)).collect()
    }

    /// When the next deadline comes.
    pub(crate) fn next_deadline_millis(&self) -> Result<Option<i64>> {
        let query = "SELECT MIN(deadline_at_millis) FROM task WHERE deadline_at_millis IS NOT NULL";
        Ok(rows::first(self.tables.sql()?, query, Vec::new())?.and_then(|mut row| row.integer()))
    }

    /// Drops what nobody will ask for again: tasks that ended before one time, and tasks of which nothing
    /// was heard since another. True if any are left.
    pub(crate) fn sweep(&self, ended_before_millis: i64, silent_since_millis: i64) -> Result<bool> {
        let sql = self.tables.sql()?;
        let bounds = vec![ended_before_millis.into(), silent_since_millis.into()];
        let stale = "DELETE FROM task WHERE (ended = 1 AND updated_at_millis < ?) OR updated_at_millis < ?";
        rows::run(sql, stale, bounds)?;
        Ok(rows::first(sql, "SELECT 1 FROM task LIMIT 1", Vec::new())?.is_some())
    }

    /// Storage was erased: the tables are made anew when they are needed.
    pub(crate) fn forget(&self) {
        self.tables.forget();
    }
}
