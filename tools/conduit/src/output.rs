//! What is printed: for people with colour, for programs as JSON.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::arguments::ColorWhen;
use crate::failure::Failure;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
pub(crate) const QUIET: Style = Style::new().dimmed();
pub(crate) const HEAD: Style = Style::new().bold();

/// Where a command prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    pub(crate) fn new(json: bool, color: ColorWhen) -> Self {
        let choice = match color {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        Self { json }
    }

    /// One line, or several.
    #[expect(clippy::unused_self, reason = "whether there is colour was said to all streams when this was made")]
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        writeln!(stdout, "{text}")?;
        Ok(stdout.flush()?)
    }

    /// One JSON value on one line.
    pub(crate) fn value(self, value: &Value) -> Result<(), Failure> {
        self.text(&value.to_string())
    }

    /// Something about how it goes, beside what is printed.
    #[expect(clippy::unused_self, reason = "as above")]
    pub(crate) fn aside(self, text: &str) {
        // Where nobody can be told, nobody need be.
        drop(writeln!(anstream::stderr(), "{text}"));
    }

    pub(crate) fn failure(self, failure: &Failure) {
        let message = failure.to_string();
        if self.json {
            let error = json!({ "kind": failure.kind(), "message": message, "exitCode": failure.exit_code() });
            self.aside(&json!({ "error": error }).to_string());
        } else {
            self.aside(&format!("{BAD}conduit:{BAD:#} {}", clean(&message)));
        }
    }
}

/// Text from elsewhere without what a terminal would obey.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|char| if char.is_control() && char != '\n' { '\u{fffd}' } else { char }).collect()
}

/// A value for people: texts as they are, nothing for null.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => clean(text),
        other => clean(&other.to_string()),
    }
}

/// Rows below each other, each column as wide as its widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|cell| cell.chars().count())).max().unwrap_or_default()
    };
    let line = |cells: Vec<&str>| {
        let padded: Vec<_> =
            cells.iter().enumerate().map(|(column, cell)| format!("{cell:<w$}", w = width(column))).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![format!("{HEAD}{}{HEAD:#}", line(head.to_vec()))];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_told_what_to_do_by_others() {
        assert_eq!(clean("a\u{1b}[2Jb\u{7}\nc"), "a\u{fffd}[2Jb\u{fffd}\nc");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let text = table(&["ID", "NAME"], &[vec!["1".into(), "ä".into()], vec!["long".into(), "b".into()]]);
        let bare = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(bare, "ID    NAME\n1     ä\nlong  b");
    }
}
