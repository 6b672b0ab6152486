//! How TypeScript is laid out: as Biome does it, in lines of at most 120 characters.

/// The longest line.
const WIDTH: usize = 120;

/// A doc comment at an indentation, or nothing.
pub(crate) fn comment(text: &str, indent: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = text.replace("*/", "*\\/");
    let line = format!("{indent}/** {text} */");
    if line.chars().count() <= WIDTH {
        return line + "\n";
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if last.is_empty() {
            last.push_str(word);
        } else if indent.len() + 4 + last.chars().count() + word.chars().count() <= WIDTH {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let lines: String = lines.iter().map(|line| format!("{indent} * {line}\n")).collect();
    format!("{indent}/**\n{lines}{indent} */\n")
}

/// A list between two texts, on one line if it fits, else each item on its own.
pub(crate) fn list(indent: &str, before: &str, items: &[String], after: &str) -> String {
    let line = format!("{indent}{before}{}{after}", items.join(", "));
    if line.chars().count() <= WIDTH {
        return line + "\n";
    }
    let items: String = items.iter().map(|item| format!("{indent}  {item},\n")).collect();
    format!("{indent}{before}\n{items}{indent}{after}\n")
}

/// The alias of a choice between types.
pub(crate) fn union(name: &str, choices: &[String]) -> String {
    let line = format!("export type {name} = {};", choices.join(" | "));
    if line.chars().count() <= WIDTH {
        return line + "\n";
    }
    let choices: Vec<String> = choices.iter().map(|choice| format!("  | {choice}")).collect();
    format!("export type {name} =\n{};\n", choices.join("\n"))
}

/// Texts as a list of string literals.
pub(crate) fn literals<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    texts.into_iter().map(literal).collect()
}

/// A text as a string literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(count: usize) -> Vec<String> {
        vec!["word".to_owned(); count]
    }

    #[test]
    fn what_fits_is_one_line_and_the_rest_a_line_each() {
        assert_eq!(list("  ", "a: [", &words(2), "];"), "  a: [word, word];\n");
        assert_eq!(list("", "[", &words(20), "]").lines().count(), 1);
        assert_eq!(list("", "[", &words(21), "]"), format!("[\n{}]\n", "  word,\n".repeat(21)));
        assert_eq!(union("A", &words(2)), "export type A = word | word;\n");
        assert_eq!(union("A", &words(20)), format!("export type A =\n{};\n", vec!["  | word"; 20].join("\n")));
    }

    #[test]
    fn a_long_comment_is_wrapped_and_cannot_end_early() {
        assert_eq!(comment("It.", "  "), "  /** It. */\n");
        assert_eq!(comment("", "  "), "");
        assert!(!comment("a */ b", "").contains("*/ b"));
        let long = comment(&words(60).join(" "), "  ");
        assert!(long.lines().all(|line| line.chars().count() <= 120), "{long}");
        assert_eq!(long.matches("word").count(), 60);
    }

    #[test]
    fn a_text_is_quoted() {
        assert_eq!(literal(r"it's \"), r"'it\'s \\'");
    }
}
