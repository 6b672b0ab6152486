//! Requests to providers: before, for and after their sockets.

use realtime::transport::{HttpRequest, HttpResponse, Method, Secret, SocketRequest};
use wasm_bindgen::JsValue;
use worker::{Fetch, Headers, Request, RequestInit, RequestRedirect, Response, Result, WebSocket};

/// The most that is read of what a provider answers.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// What the configuration adds to what a provider's protocol needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Additions {
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) subprotocols: Vec<String>,
}

/// Opens a socket, not accepted yet; else what the provider answered instead. Status 0: it could not be reached.
pub(super) async fn open(
    request: SocketRequest,
    additions: &Additions,
) -> std::result::Result<WebSocket, HttpResponse> {
    let asking = async {
        let headers = headers(&request.headers, additions)?;
        headers.set("upgrade", "websocket")?;
        let subprotocols: Vec<&str> =
            request.subprotocols.iter().chain(&additions.subprotocols).map(String::as_str).collect();
        if !subprotocols.is_empty() {
            headers.set("sec-websocket-protocol", &subprotocols.join(", "))?;
        }
        let mut init = RequestInit::new();
        init.with_headers(headers).with_redirect(RequestRedirect::Manual);
        Fetch::Request(Request::new_with_init(&over_http(request.url.expose()), &init)?).send().await
    };
    match asking.await {
        Ok(mut response) if response.status_code() != 101 => Err(read(&mut response).await),
        Ok(response) => response.websocket().ok_or_else(|| unreachable("the provider opened no socket")),
        Err(error) => Err(unreachable(&error.to_string())),
    }
}

/// Sends a request. Status 0: the provider could not be reached.
pub(super) async fn send(request: HttpRequest, additions: &Additions) -> HttpResponse {
    let asking = async {
        let headers = headers(&request.headers, additions)?;
        let mut init = RequestInit::new();
        init.with_redirect(RequestRedirect::Manual).with_method(match request.method {
            Method::Get => worker::Method::Get,
            Method::Post => worker::Method::Post,
        });
        if let Some(body) = &request.body {
            headers.set("content-type", "application/json")?;
            init.with_body(Some(JsValue::from_str(&body.to_string())));
        }
        init.with_headers(headers);
        Fetch::Request(Request::new_with_init(&request.url, &init)?).send().await
    };
    match asking.await {
        Ok(mut response) => read(&mut response).await,
        Err(error) => unreachable(&error.to_string()),
    }
}

fn headers(of_protocol: &[(&'static str, Secret)], additions: &Additions) -> Result<Headers> {
    let headers = Headers::new();
    for (name, value) in &additions.headers {
        headers.set(name, value.expose())?;
    }
    for (name, value) in of_protocol {
        headers.set(name, value.expose())?;
    }
    Ok(headers)
}

/// The platform opens sockets by `fetch`, which knows only these schemes.
fn over_http(url: &str) -> String {
    match url.split_once("://") {
        Some(("wss", rest)) => format!("https://{rest}"),
        Some(("ws", rest)) => format!("http://{rest}"),
        _ => url.to_owned(),
    }
}

/// Reads an answer, as far as it is needed.
async fn read(response: &mut Response) -> HttpResponse {
    use futures::StreamExt;

    let status = response.status_code();
    let mut body = Vec::new();
    if let Ok(mut stream) = response.stream() {
        while let Some(Ok(chunk)) = stream.next().await {
            body.extend(chunk);
            if body.len() >= MAX_ANSWER_BYTES {
                break;
            }
        }
    }
    body.truncate(MAX_ANSWER_BYTES);
    HttpResponse { status, body: String::from_utf8_lossy(&body).into_owned() }
}

fn unreachable(cause: &str) -> HttpResponse {
    HttpResponse { status: 0, body: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::over_http;

    #[test]
    fn sockets_are_opened_over_http() {
        for (url, expected) in [("wss://a.example/x?y", "https://a.example/x?y"), ("ws://a:1/x", "http://a:1/x")] {
            assert_eq!(over_http(url), expected);
        }
    }
}
