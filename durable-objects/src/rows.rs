//! Reading SQLite rows without the calls that hang on no row.

use worker::{Result, SqlStorage, SqlStorageValue};

/// Runs a statement for its effect.
pub(crate) fn run(sql: &SqlStorage, statement: &str, parameters: Vec<SqlStorageValue>) -> Result<()> {
    sql.exec(statement, parameters)?;
    Ok(())
}

/// All rows of a query.
pub(crate) fn all(sql: &SqlStorage, query: &str, parameters: Vec<SqlStorageValue>) -> Result<Vec<Row>> {
    sql.exec(query, parameters)?.raw().map(|row| row.map(|values| Row(values.into_iter()))).collect()
}

/// The first row of a query, if there is one.
pub(crate) fn first(sql: &SqlStorage, query: &str, parameters: Vec<SqlStorageValue>) -> Result<Option<Row>> {
    Ok(all(sql, query, parameters)?.into_iter().next())
}

/// One row, read from left to right.
pub(crate) struct Row(std::vec::IntoIter<SqlStorageValue>);

impl Row {
    /// The next column as text; empty where it is something else.
    pub(crate) fn text(&mut self) -> String {
        match self.0.next() {
            Some(SqlStorageValue::String(text)) => text,
            _ => String::new(),
        }
    }

    /// The next column as a number; none where it is NULL.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn real(&mut self) -> Option<f64> {
        match self.0.next() {
            Some(SqlStorageValue::Integer(integer)) => Some(integer as f64),
            Some(SqlStorageValue::Float(float)) => Some(float),
            _ => None,
        }
    }

    /// The next column as an integer; none where it is NULL.
    // SQLite's integers arrive as JavaScript numbers, exact up to 2^53.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn integer(&mut self) -> Option<i64> {
        match self.0.next() {
            Some(SqlStorageValue::Integer(integer)) => Some(integer),
            Some(SqlStorageValue::Float(float)) => Some(float as i64),
            _ => None,
        }
    }
}
