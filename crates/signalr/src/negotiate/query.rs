//! What a client asks for: the query of a negotiate request.

use std::borrow::Cow;

use super::{Grant, MAX_VERSION, NegotiateError, NegotiateOptions};

/// What a client asks for when it negotiates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NegotiateRequest {
    /// The version asked for; absent counts as 0.
    version: Version,
    /// Whether stateful reconnect is asked for.
    stateful_reconnect: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Version {
    Integer(i32),
    NotAnInteger,
}

impl Default for Version {
    fn default() -> Self {
        Self::Integer(0)
    }
}

impl NegotiateRequest {
    /// Reads a request from the URL's query, without the question mark: `negotiateVersion` and `useStatefulReconnect`,
    /// in any case. The application's own parameters are ignored.
    pub fn from_query(query: &str) -> Self {
        let version = match value(query, "negotiateVersion") {
            None => Version::default(),
            Some(version) => version.trim().parse().map_or(Version::NotAnInteger, Version::Integer),
        };
        let stateful_reconnect =
            value(query, "useStatefulReconnect").is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        Self { version, stateful_reconnect }
    }

    /// Decides what the client gets. The host then makes up the connection and writes the answer with [`Grant::body`],
    /// or answers with [`NegotiateError::body`].
    ///
    /// A version that the server does not have yet is answered with the highest it has.
    ///
    /// # Errors
    ///
    /// Returns a [`NegotiateError`] for a version that is no number or below the endpoint's minimum.
    pub fn decide(self, options: &NegotiateOptions) -> Result<Grant, NegotiateError> {
        let Version::Integer(version) = self.version else {
            return Err(NegotiateError::NotAnInteger);
        };
        if version < options.minimum_version {
            return Err(NegotiateError::UnsupportedVersion { version });
        }
        Ok(Grant {
            version: version.clamp(0, MAX_VERSION),
            stateful_reconnect: self.stateful_reconnect && options.allow_stateful_reconnect,
            transports: options.transports,
            token_lifetime_seconds: None,
        })
    }

    /// Returns the body of the answer, error or not: [`decide`](Self::decide) and the body of what it returns.
    pub fn answer(self, options: &NegotiateOptions, connection_id: &str, connection_token: &str) -> String {
        match self.decide(options) {
            Ok(grant) => grant.body(connection_id, connection_token),
            Err(error) => error.body(),
        }
    }
}

/// Returns the value of the parameter called `name` in any case; of several, their values joined by commas, as ASP.NET
/// Core reads them.
fn value<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    query
        .split('&')
        .filter_map(|parameter| {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            decoded(key).eq_ignore_ascii_case(name).then(|| decoded(value))
        })
        .reduce(|values, value| Cow::Owned(format!("{values},{value}")))
}

/// Decodes `+` and percent signs; what is no escape stays as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        decoded.push(match first {
            b'+' => b' ',
            b'%' => match escaped_byte(after) {
                Some((byte, after)) => {
                    rest = after;
                    byte
                }
                None => b'%',
            },
            other => *other,
        });
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// Reads the two hexadecimal digits after a percent sign, and returns the byte and what follows.
fn escaped_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<2>()?;
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
    Some((high? << 4 | low?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(version: i32, stateful_reconnect: bool) -> NegotiateRequest {
        NegotiateRequest { version: Version::Integer(version), stateful_reconnect }
    }

    #[test]
    fn names_and_the_flag_are_read_in_any_case() {
        let query = "hub=a&NEGOTIATEVERSION=1&useStatefulReconnect=True";
        assert_eq!(NegotiateRequest::from_query(query), request(1, true));
        assert_eq!(NegotiateRequest::from_query("usestatefulreconnect=yes"), request(0, false));
        assert_eq!(NegotiateRequest::from_query(""), request(0, false));
    }

    #[test]
    fn escapes_are_decoded_in_names_and_values() {
        assert_eq!(NegotiateRequest::from_query("negotiate%56ersion=%31"), request(1, false));
        assert_eq!(NegotiateRequest::from_query("negotiateVersion=+1"), request(1, false));
        assert_eq!(NegotiateRequest::from_query("negotiateVersion=%2B1"), request(1, false));
        assert_eq!(decoded("%zz%4"), "%zz%4");
    }

    #[test]
    fn a_version_given_twice_empty_or_too_large_is_no_integer() {
        for query in ["negotiateVersion=1&negotiateVersion=1", "negotiateVersion", "negotiateVersion=99999999999"] {
            let decision = NegotiateRequest::from_query(query).decide(&NegotiateOptions::default());
            assert_eq!(decision, Err(NegotiateError::NotAnInteger), "{query}");
        }
    }

    #[test]
    fn a_version_above_the_highest_is_answered_with_the_highest() {
        let decision = NegotiateRequest::from_query("negotiateVersion=99").decide(&NegotiateOptions::default());
        assert_eq!(decision.unwrap().version, MAX_VERSION);
    }

    #[test]
    fn a_version_below_0_is_answered_with_0_where_the_minimum_allows_it() {
        let decide = |minimum_version| {
            let options = NegotiateOptions { minimum_version, ..NegotiateOptions::default() };
            request(-1, false).decide(&options)
        };
        assert_eq!(decide(-1).unwrap().version, 0);
        assert_eq!(decide(0), Err(NegotiateError::UnsupportedVersion { version: -1 }));
    }

    #[test]
    fn stateful_reconnect_needs_both_sides() {
        for (asked, allowed) in [(true, true), (true, false), (false, true)] {
            let options = NegotiateOptions { allow_stateful_reconnect: allowed, ..NegotiateOptions::default() };
            assert_eq!(request(1, asked).decide(&options).unwrap().stateful_reconnect, asked && allowed);
        }
    }

    proptest! {
        #[test]
        fn any_query_is_answered(query in any::<String>(), minimum_version in any::<i32>()) {
            let options = NegotiateOptions { minimum_version, ..NegotiateOptions::default() };
            let answer = NegotiateRequest::from_query(&query).answer(&options, "id", "token");
            prop_assert!(serde_json::from_str::<serde_json::Value>(&answer).unwrap().is_object());
        }
    }
}
