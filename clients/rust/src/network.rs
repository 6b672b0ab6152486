//! Lines to servers: TCP, TLS with the system's certificates, HTTP requests and WebSockets.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest, protocol::WebSocketConfig};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use url::Url;

use crate::Error;

/// What an answer may have at most: more than any route of Conduit answers.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// What of a refusal's body is told.
const MAX_DETAIL_CHARS: usize = 300;

/// A WebSocket.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How servers are reached. Cheap to clone; clones share the HTTP connections that are kept.
#[derive(Clone, Debug)]
pub struct Network {
    local_address: Option<IpAddr>,
    tls: Arc<ClientConfig>,
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// An answer to an HTTP request, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The value of a header, where there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Network {
    /// Lines that leave from `local_address`, or from wherever the system says.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tls`] where TLS cannot be set up at all.
    pub fn new(local_address: Option<IpAddr>) -> Result<Self, Error> {
        let tls = tls_config()?;
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_local_address(local_address);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(ClientConfig::clone(&tls))
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self { local_address, tls, http: Client::builder(TokioExecutor::new()).build(connector) })
    }

    /// Asks for something, and waits for the whole answer, whatever its status.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unreachable`], [`Error::Tls`] or [`Error::TimedOut`] where there is no answer, and
    /// [`Error::InvalidAddress`] where nobody can be asked.
    pub async fn request(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: impl Into<Bytes> + Send,
        after: Duration,
    ) -> Result<Answer, Error> {
        let whole = async {
            let (head, body) = self.open(method, url, headers, body).await?.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| Error::Unreachable { host: host(url), reason: causes(&*error) })?;
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
        };
        timeout(after, whole).await.unwrap_or(Err(Error::TimedOut { what: "an answer", after }))
    }

    /// Asks for something, and gives the answer when its head is there; its body comes as it comes.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request), without a time-out.
    pub async fn open(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: impl Into<Bytes> + Send,
    ) -> Result<Response<Incoming>, Error> {
        let mut request = Request::builder().method(method).uri(url.as_str());
        for (name, value) in headers {
            let mut value = header_value(value)?;
            value.set_sensitive(is_secret(name));
            request = request.header(*name, value);
        }
        let request = request
            .body(Full::new(body.into()))
            .map_err(|error| Error::InvalidAddress { address: plain(url), reason: error.to_string() })?;
        self.http.request(request).await.map_err(|error| lost(url, &error))
    }

    /// Opens a WebSocket.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request), and [`Error::Refused`] where the server answers with something else.
    pub async fn web_socket(&self, url: &Url, headers: &[(&str, &str)], after: Duration) -> Result<Socket, Error> {
        let opening = self.open_web_socket(url, headers);
        timeout(after, opening).await.unwrap_or(Err(Error::TimedOut { what: "opening a WebSocket", after }))
    }

    async fn open_web_socket(&self, url: &Url, headers: &[(&str, &str)]) -> Result<Socket, Error> {
        let invalid = |reason: String| Error::InvalidAddress { address: plain(url), reason };
        let mut url = url.clone();
        let scheme = match url.scheme() {
            "http" | "ws" => "ws",
            "https" | "wss" => "wss",
            other => return Err(invalid(format!("{other} is not http, https, ws or wss"))),
        };
        if url.set_scheme(scheme).is_err() {
            return Err(invalid("it has no host".to_owned()));
        }
        let mut request = url.as_str().into_client_request().map_err(|error| invalid(error.to_string()))?;
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).map_err(|error| invalid(error.to_string()))?;
            request.headers_mut().insert(name, header_value(value)?);
        }
        let stream = self.dial(&url).await?;
        // Records are written at once: nothing is held back for others to join.
        let config = WebSocketConfig::default().write_buffer_size(0);
        let connector = Connector::Rustls(Arc::clone(&self.tls));
        match client_async_tls_with_config(request, stream, Some(config), Some(connector)).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => Err(Error::Refused {
                request: "the WebSocket",
                status: response.status().as_u16(),
                detail: detail(response.body().as_deref().unwrap_or_default()),
            }),
            Err(error) => Err(lost(&url, &error)),
        }
    }

    /// Connects to the first of a server's addresses that answers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unreachable`] with what the last of them said.
    pub async fn dial(&self, url: &Url) -> Result<TcpStream, Error> {
        let unreachable = |reason: String| Error::Unreachable { host: host(url), reason };
        let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = url.port_or_known_default().unwrap_or_default();
        let addresses = lookup_host((name, port)).await.map_err(|error| unreachable(error.to_string()))?;
        let mut last = "its name has no address".to_owned();
        for address in addresses {
            match self.dial_address(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error.to_string(),
            }
        }
        Err(unreachable(last))
    }

    async fn dial_address(&self, address: SocketAddr) -> std::io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(local) = self.local_address {
            socket.bind((local, 0).into())?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// The one that everything uses which was given no other.
    pub(crate) fn shared() -> Result<Self, Error> {
        static SHARED: OnceLock<Result<Network, Error>> = OnceLock::new();
        SHARED.get_or_init(|| Self::new(None)).clone()
    }
}

/// A server's host and port, for messages.
pub(crate) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// The beginning of an answer that says no, or the `detail` or `title` that it has for that.
pub(crate) fn detail(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Problem {
        detail: Option<String>,
        title: Option<String>,
    }
    let problem = serde_json::from_slice::<Problem>(body).ok().and_then(|problem| problem.detail.or(problem.title));
    let text = problem.unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned());
    let is_page = text.starts_with('<');
    if is_page { String::new() } else { text.chars().take(MAX_DETAIL_CHARS).collect() }
}

/// An address without what may be a secret in it.
fn plain(url: &Url) -> String {
    let mut plain = url.clone();
    plain.set_query(None);
    plain.to_string()
}

fn is_secret(header: &str) -> bool {
    ["authorization", "x-api-key", "x-master-key"].iter().any(|name| header.eq_ignore_ascii_case(name))
}

fn header_value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| Error::Token("it has characters that no header may have".to_owned()))
}

fn tls_config() -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    // Without any, plain connections still work; a secure one says that the issuer is unknown.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Tls { host: "any server".to_owned(), reason: error.to_string() })?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// What a failure of the network means.
fn lost(url: &Url, error: &(dyn std::error::Error + 'static)) -> Error {
    let (host, reason) = (host(url), causes(error));
    if has_cause::<rustls::Error>(error) { Error::Tls { host, reason } } else { Error::Unreachable { host, reason } }
}

fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

fn has_cause<T: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    // An I/O error keeps to itself what it was made of, which may be another one.
    fn made_of<T: std::error::Error + 'static>(cause: &(dyn std::error::Error + 'static)) -> bool {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause.is::<T>() || inner.is_some_and(|inner| made_of::<T>(inner))
    }
    chain(error).any(made_of::<T>)
}

/// The last cause, which says most.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_problem_its_detail_is_told_and_of_a_page_nothing() {
        assert_eq!(detail(br#"{"title":"Bad","detail":"no such key"}"#), "no such key");
        assert_eq!(detail(b"plain words\n"), "plain words");
        assert_eq!(detail(b"<html>"), "");
        assert_eq!(detail(&[b'x'; 1_000]).len(), MAX_DETAIL_CHARS);
    }

    #[test]
    fn messages_name_the_host_and_no_query() {
        let url = Url::parse("https://conduit.example.com/hubs/tasks?access_token=secret").unwrap();
        assert_eq!(host(&url), "conduit.example.com:443");
        assert_eq!(plain(&url), "https://conduit.example.com/hubs/tasks");
    }
}
