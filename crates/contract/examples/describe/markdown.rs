//! What the pages are made of.

use serde_json::Value;

/// The first line of every page.
pub(crate) const HEAD: &str = "<!-- Generated from the declarations in crates/contract by `node scripts/describe.mjs`: change those, \
                        not this page. -->\n";

/// A table with these columns.
pub(crate) fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let row = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | ").trim_end()).replace("|  |", "| |")
    };
    let mut text = row(columns.iter().map(|&column| column.to_owned()).collect());
    text.push_str(&format!("|{}\n", "---|".repeat(columns.len())));
    text.extend(rows.into_iter().map(row));
    text
}

/// A block of code.
pub(crate) fn code(language: &str, text: &str) -> String {
    format!("```{language}\n{text}\n```\n")
}

/// A block of JSON.
pub(crate) fn json(value: &Value) -> String {
    code("json", &pretty(value, 0))
}

/// A text as code within a line.
pub(crate) fn inline(text: &str) -> String {
    format!("`{text}`")
}

/// Texts as code within a line, one after another.
pub(crate) fn inline_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(inline).collect::<Vec<_>>().join(", ")
}

/// The longest line of JSON that is not broken.
const WIDTH: usize = 100;

/// JSON with a line for each member, but for what is short.
fn pretty(value: &Value, depth: usize) -> String {
    let line = one_line(value);
    let is_outermost_object = depth == 0 && value.is_object();
    if depth * 2 + line.len() <= WIDTH && !(is_outermost_object && line.len() > WIDTH * 3 / 4) {
        return line;
    }
    let indent = "  ".repeat(depth + 1);
    let (open, parts, close) = match value {
        Value::Array(list) => ('[', list.iter().map(|item| pretty(item, depth + 1)).collect::<Vec<_>>(), ']'),
        Value::Object(object) => {
            let member = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), pretty(value, depth + 1))
            };
            ('{', object.iter().map(member).collect(), '}')
        }
        _ => return line,
    };
    format!("{open}\n{indent}{}\n{}{close}", parts.join(&format!(",\n{indent}")), "  ".repeat(depth))
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("[{}]", list.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(object) if object.is_empty() => "{}".to_owned(),
        Value::Object(object) => {
            let member =
                |(name, value): (&String, &Value)| format!("{}: {}", Value::from(name.as_str()), one_line(value));
            format!("{{ {} }}", object.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}
