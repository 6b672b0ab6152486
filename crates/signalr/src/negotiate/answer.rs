//! What a client gets: the JSON bodies of negotiate answers, with their properties in ASP.NET Core's order.

use serde::Serialize;

use crate::{Transport, TransportSet};

/// What a client gets that may connect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The version of the answer: 0 or 1. With version 0 the connection's id is also its token.
    pub version: i32,
    /// Whether the connection can be resumed after its socket was lost.
    pub stateful_reconnect: bool,
    /// The transports that the client may use.
    pub transports: TransportSet,
    /// How long the client's access token is good for, told only to clients that can refresh it (.NET 11).
    pub token_lifetime_seconds: Option<i32>,
}

impl Grant {
    /// Returns the body of the answer.
    ///
    /// `connection_id` is public: others address the connection by it. `connection_token` is secret and the client
    /// presents it as `id`; clients put it into the URL unescaped, so it must consist of unreserved characters. A
    /// client of version 0 knows one id only and must be able to present that, so it is told nothing of the token.
    pub fn body(&self, connection_id: &str, connection_token: &str) -> String {
        let body = GrantBody {
            use_stateful_reconnect: self.stateful_reconnect,
            negotiate_version: self.version,
            connection_id,
            connection_token: (self.version > 0).then_some(connection_token),
            available_transports: self.transports.iter().map(AvailableTransport::from).collect(),
            token_lifetime_seconds: self.token_lifetime_seconds,
        };
        to_json(&body)
    }
}

/// Says why a client may not connect. The text is what the client reads, so it is ASP.NET Core's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NegotiateError {
    /// The version asked for is no whole number.
    #[error("The client requested a non-integer protocol version.")]
    NotAnInteger,
    /// The version asked for is below the endpoint's minimum.
    #[error("The client requested version '{version}', but the server does not support this version.")]
    UnsupportedVersion {
        /// The version asked for.
        version: i32,
    },
}

impl NegotiateError {
    /// Returns the body of the answer, which has status 200 all the same.
    pub fn body(&self) -> String {
        to_json(&ErrorBody { error: &self.to_string() })
    }
}

/// Returns the body of an answer that sends the client to `url`, where it negotiates again with `access_token` if it
/// gets one. Clients follow at most 100 of these.
pub fn redirect(url: &str, access_token: Option<&str>) -> String {
    to_json(&RedirectBody { url, access_token })
}

/// Writes a body. Those of this module are made of strings and numbers alone, which can always be written.
fn to_json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantBody<'a> {
    /// Never false: two clients stop with an error when they did not ask and are told anything at all.
    #[serde(skip_serializing_if = "is_false")]
    use_stateful_reconnect: bool,
    negotiate_version: i32,
    connection_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_token: Option<&'a str>,
    available_transports: Vec<AvailableTransport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_lifetime_seconds: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AvailableTransport {
    transport: &'static str,
    transfer_formats: Vec<&'static str>,
}

impl From<Transport> for AvailableTransport {
    fn from(transport: Transport) -> Self {
        let transfer_formats = transport.transfer_formats().iter().map(|format| format.name()).collect();
        Self { transport: transport.name(), transfer_formats }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RedirectBody<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Grant =
        Grant { version: 1, stateful_reconnect: false, transports: TransportSet::ALL, token_lifetime_seconds: None };

    #[test]
    fn version_1_has_id_token_and_transports_in_order() {
        assert_eq!(
            GRANT.body("id", "token"),
            concat!(
                r#"{"negotiateVersion":1,"connectionId":"id","connectionToken":"token","availableTransports":["#,
                r#"{"transport":"WebSockets","transferFormats":["Text","Binary"]},"#,
                r#"{"transport":"ServerSentEvents","transferFormats":["Text"]},"#,
                r#"{"transport":"LongPolling","transferFormats":["Text","Binary"]}]}"#
            )
        );
    }

    #[test]
    fn version_0_has_no_token() {
        let grant = Grant { version: 0, transports: TransportSet::NONE, ..GRANT };
        let body = r#"{"negotiateVersion":0,"connectionId":"id","availableTransports":[]}"#;
        assert_eq!(grant.body("id", "token"), body);
    }

    #[test]
    fn what_is_granted_besides_is_told_and_what_is_not_is_left_out() {
        let grant = Grant {
            stateful_reconnect: true,
            transports: TransportSet::NONE,
            token_lifetime_seconds: Some(3600),
            ..GRANT
        };
        assert_eq!(
            grant.body("id", "token"),
            concat!(
                r#"{"useStatefulReconnect":true,"negotiateVersion":1,"connectionId":"id","connectionToken":"token","#,
                r#""availableTransports":[],"tokenLifetimeSeconds":3600}"#
            )
        );
    }

    #[test]
    fn an_error_is_alone_in_its_body() {
        assert_eq!(
            NegotiateError::UnsupportedVersion { version: -1 }.body(),
            r#"{"error":"The client requested version '-1', but the server does not support this version."}"#
        );
        assert_eq!(
            NegotiateError::NotAnInteger.body(),
            r#"{"error":"The client requested a non-integer protocol version."}"#
        );
    }

    #[test]
    fn a_redirect_has_a_token_or_none_but_never_null() {
        assert_eq!(redirect("https://a/b", None), r#"{"url":"https://a/b"}"#);
        assert_eq!(redirect("https://a/b", Some("t")), r#"{"url":"https://a/b","accessToken":"t"}"#);
    }
}
