//! Negotiation as a client does it: an id for the connection, or where to go instead.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use signalr::{Protocol, Transport};
use url::Url;

use crate::network::{Network, detail};
use crate::{AccessToken, Error};

/// How often a client lets itself be sent elsewhere, as the official ones do.
const MAX_REDIRECTS: usize = 100;

/// Where the socket of a connection is opened, and what it presents there.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The hub's address, with the connection's `id` if it negotiated one.
    pub(crate) url: Url,
    /// Whose token counts there.
    pub(crate) token: AccessToken,
    /// The id by which others address the connection.
    pub(crate) connection_id: Option<String>,
    /// Whether its socket may be replaced when it is lost.
    pub(crate) is_stateful: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NegotiateAnswer {
    error: Option<String>,
    url: Option<String>,
    access_token: Option<String>,
    connection_id: Option<String>,
    connection_token: Option<String>,
    #[serde(default)]
    available_transports: Vec<AvailableTransport>,
    #[serde(default)]
    use_stateful_reconnect: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AvailableTransport {
    transport: String,
    #[serde(default)]
    transfer_formats: Vec<String>,
}

/// Negotiates at `hub`, and wherever it sends its clients.
pub(crate) async fn negotiate(
    network: &Network,
    hub: &Url,
    token: &AccessToken,
    protocol: Protocol,
    wants_stateful: bool,
    after: Duration,
) -> Result<Endpoint, Error> {
    let (mut hub, mut token) = (hub.clone(), token.clone());
    for _ in 0..MAX_REDIRECTS {
        let answer = ask(network, &hub, &token, wants_stateful, after).await?;
        if let Some(error) = answer.error {
            return Err(Error::Declined(error));
        }
        let Some(elsewhere) = answer.url else {
            return endpoint(hub, token, protocol, answer);
        };
        hub = hub
            .join(&elsewhere)
            .map_err(|error| Error::InvalidAddress { address: elsewhere, reason: error.to_string() })?;
        if let Some(given) = answer.access_token {
            token = given.into();
        }
    }
    Err(Error::NotSignalR(format!("it sent the client elsewhere {MAX_REDIRECTS} times")))
}

async fn ask(
    network: &Network,
    hub: &Url,
    token: &AccessToken,
    wants_stateful: bool,
    after: Duration,
) -> Result<NegotiateAnswer, Error> {
    let mut url = hub.clone();
    url.set_path(&format!("{}/negotiate", hub.path().trim_end_matches('/')));
    url.query_pairs_mut().append_pair("negotiateVersion", "1");
    if wants_stateful {
        url.query_pairs_mut().append_pair("useStatefulReconnect", "true");
    }
    let authorization = authorization(token).await?;
    let mut headers = vec![("x-requested-with", "XMLHttpRequest")];
    headers.extend(authorization.iter().map(|value| ("authorization", value.as_str())));
    let mut answer = network.request(Method::POST, &url, &headers, "", after).await;
    if matches!(answer, Err(Error::Unreachable { .. })) {
        // A line that was kept from before may have been lost together with the socket: a new one may be had at once.
        answer = network.request(Method::POST, &url, &headers, "", after).await;
    }
    let answer = answer?;
    if answer.status != 200 {
        return Err(Error::Refused { request: "negotiation", status: answer.status, detail: detail(&answer.body) });
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| Error::NotSignalR("the answer to the negotiation is not what a hub answers".to_owned()))
}

fn endpoint(hub: Url, token: AccessToken, protocol: Protocol, answer: NegotiateAnswer) -> Result<Endpoint, Error> {
    let format = protocol.transfer_format().name();
    let fits = |offered: &AvailableTransport| {
        offered.transport == Transport::WebSockets.name() && offered.transfer_formats.iter().any(|name| name == format)
    };
    if !answer.available_transports.iter().any(fits) {
        return Err(Error::NotSignalR(format!("it offers no WebSockets for {}", protocol.name())));
    }
    // A server of version 0 knows one id only.
    let Some(id) = answer.connection_token.as_ref().or(answer.connection_id.as_ref()) else {
        return Err(Error::NotSignalR("the answer to the negotiation has no id".to_owned()));
    };
    let mut url = hub;
    url.query_pairs_mut().append_pair("id", id);
    Ok(Endpoint { url, token, connection_id: answer.connection_id, is_stateful: answer.use_stateful_reconnect })
}

/// The value of the header `Authorization`, if there is a token.
pub(crate) async fn authorization(token: &AccessToken) -> Result<Option<String>, Error> {
    Ok(token.get().await?.map(|token| format!("Bearer {token}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: &str) -> Result<Endpoint, Error> {
        let hub = Url::parse("http://127.0.0.1:8787/hubs/tasks?meta=1").unwrap();
        endpoint(hub, AccessToken::default(), Protocol::MessagePack, serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_secret_token_becomes_the_id_and_the_query_stays() {
        let endpoint = answer(
            r#"{"negotiateVersion":1,"connectionId":"public","connectionToken":"secret","availableTransports":
                [{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}"#,
        )
        .unwrap();
        assert_eq!(endpoint.url.query(), Some("meta=1&id=secret"));
        assert_eq!(endpoint.connection_id.as_deref(), Some("public"));
        assert!(!endpoint.is_stateful);
    }

    #[test]
    fn without_web_sockets_for_the_protocol_or_without_an_id_there_is_no_endpoint() {
        for json in [
            r#"{"connectionId":"x","availableTransports":[{"transport":"WebSockets","transferFormats":["Text"]}]}"#,
            r#"{"connectionId":"x","availableTransports":[{"transport":"LongPolling","transferFormats":["Binary"]}]}"#,
            r#"{"availableTransports":[{"transport":"WebSockets","transferFormats":["Binary"]}]}"#,
        ] {
            assert!(matches!(answer(json), Err(Error::NotSignalR(_))), "{json}");
        }
    }
}
