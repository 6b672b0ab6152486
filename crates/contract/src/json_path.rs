//! Finds the place in a JSON text at which reading it failed.
//!
//! `serde_json` gives most errors a position only when the list or object around the value is left, and an error about a
//! text inside the text keeps the position that it has in there. So a position is where the search begins, and the place
//! is found by reading beginnings of the text: the shortest one that is as wrong as the whole ends there.

use std::{borrow::Cow, fmt::Write as _};

/// How many tokens around the position of an error are looked at before all of them are.
const NEAR_TOKENS: usize = 2;

/// A place in a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The path of the list or object that it lies in, such as `inner`; empty for the text as a whole.
    pub(crate) parent: String,
    /// Its own path, such as `inner.list[1]`; that of the parent where it has none.
    pub(crate) path: String,
}

/// Finds the place of an error. `is_wrong` says of a beginning of the text whether reading it fails for another reason
/// than that it ends too early.
pub(crate) fn place<'a>(json: &'a str, error: &serde_json::Error, is_wrong: &dyn Fn(&'a str) -> bool) -> Place {
    let tokens: Vec<Token<'a>> = Tokens { json, at: 0 }.collect();
    let is_wrong_after = |token: &Token<'_>| json.get(..token.end).is_some_and(is_wrong);
    let offset = offset(json, error);
    let near = tokens.partition_point(|token| token.end < offset);
    let (first, last) = (near.saturating_sub(NEAR_TOKENS), near.saturating_add(NEAR_TOKENS).min(tokens.len()));
    let is_near = tokens.get(..first).is_some_and(|before| !before.last().is_some_and(is_wrong_after))
        && tokens.get(first..last).is_some_and(|window| window.last().is_some_and(is_wrong_after));
    let (first, last) = if is_near { (first, last) } else { (0, tokens.len()) };
    let is_good_after = |token: &Token<'_>| !is_wrong_after(token);
    let wrong = first + tokens.get(first..last).map_or(0, |window| window.partition_point(is_good_after));

    let mut walk = Walk::default();
    for token in tokens.iter().take(wrong) {
        walk.pass(token.text);
    }
    match tokens.get(wrong) {
        Some(token) => walk.stop(token.text, !error.is_syntax() && !is_about_variant(error)),
        // The text ends too early.
        None => walk.place(),
    }
}

/// Whether the name of a member is one of an enumeration's, which has no place of its own.
fn is_about_variant(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("unknown variant `")
}

/// How many bytes of the text were read when an error was given its position.
fn offset(json: &str, error: &serde_json::Error) -> usize {
    let lines = json.split_inclusive('\n').take(error.line().saturating_sub(1));
    lines.map(str::len).sum::<usize>().saturating_add(error.column())
}

/// A bracket, a sign, a string, a number or a literal, and where it ends.
struct Token<'a> {
    text: &'a str,
    end: usize,
}

/// The tokens of a text. What is no JSON gives some tokens too.
struct Tokens<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.json.get(self.at..)?;
        let rest_at = self.at + (rest.len() - rest.trim_start_matches(is_space).len());
        let rest = self.json.get(rest_at..)?;
        let length = match rest.chars().next()? {
            '"' => string_end(rest).unwrap_or(rest.len()),
            sign if is_sign(sign) => sign.len_utf8(),
            _ => rest.find(|next| is_space(next) || is_sign(next) || next == '"').unwrap_or(rest.len()),
        };
        self.at = rest_at + length;
        Some(Token { text: rest.get(..length)?, end: self.at })
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\n' | '\r' | '\t')
}

fn is_sign(character: char) -> bool {
    matches!(character, '{' | '}' | '[' | ']' | ',' | ':')
}

/// Where the string that the text begins with ends, after its second quote.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let is_end = |(_, byte): &(usize, u8)| {
        let is_end = !is_escaped && *byte == b'"';
        is_escaped = !is_escaped && *byte == b'\\';
        is_end
    };
    text.bytes().enumerate().skip(1).find(is_end).map(|(index, _)| index + 1)
}

/// A list or an object that is open.
enum Open<'a> {
    /// With the place of the element that is next.
    List(usize),
    /// With the name of the member whose value is next.
    Object(Option<&'a str>),
}

/// What is open where the walk over the tokens is.
#[derive(Default)]
struct Walk<'a>(Vec<Open<'a>>);

impl<'a> Walk<'a> {
    /// Goes past a token.
    fn pass(&mut self, token: &'a str) {
        match token {
            "{" => self.0.push(Open::Object(None)),
            "[" => self.0.push(Open::List(0)),
            "," | ":" => {}
            "}" | "]" => {
                self.0.pop();
                self.end_value();
            }
            _ if token.starts_with('"') && string_end(token).is_none() => {}
            _ => match self.0.last_mut() {
                Some(Open::Object(name @ None)) => *name = Some(token),
                _ => self.end_value(),
            },
        }
    }

    fn end_value(&mut self) {
        match self.0.last_mut() {
            Some(Open::List(index)) => *index += 1,
            Some(Open::Object(name)) => *name = None,
            None => {}
        }
    }

    /// The place of a token. That of a name may be the member's or the object's.
    fn stop(mut self, token: &'a str, has_member: bool) -> Place {
        match (token, self.0.last_mut()) {
            ("}" | "]", _) => {
                self.0.pop();
            }
            (name, Some(Open::Object(place @ None))) if name.starts_with('"') && has_member => *place = Some(name),
            _ => {}
        }
        self.place()
    }

    fn place(&self) -> Place {
        let (last, around) = self.0.split_last().map_or((None, &*self.0), |(last, around)| (Some(last), around));
        let mut path = String::new();
        for open in around {
            open.append_to(&mut path);
        }
        let parent = path.clone();
        if let Some(last) = last {
            last.append_to(&mut path);
        }
        Place { parent, path }
    }
}

impl Open<'_> {
    /// Appends what leads to the element or member.
    fn append_to(&self, path: &mut String) {
        match self {
            // Writing to a string never fails.
            Self::List(index) => drop(write!(path, "[{index}]")),
            Self::Object(None) => {}
            Self::Object(Some(name)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&plain(name));
            }
        }
    }
}

/// A name without its quotes and escapes.
fn plain(name: &str) -> Cow<'_, str> {
    serde_json::from_str(name).map_or(Cow::Borrowed(name), Cow::Owned)
}

#[cfg(test)]
#[path = "json_path_tests.rs"]
mod tests;
