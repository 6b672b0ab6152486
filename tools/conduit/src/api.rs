//! Requests to a deployment, and what its answers mean.

use conduit_client::http::Method;
use conduit_client::{Answer, Network, Url};
use serde_json::Value;

use crate::environment::{Environment, Secret};
use crate::failure::{Failure, hint};

/// A deployment, asked with one key.
pub(crate) struct Api<'a> {
    environment: &'a Environment,
    network: Network,
    authorization: String,
}

impl<'a> Api<'a> {
    /// Asks with the first of these keys that the environment has.
    pub(crate) fn new(environment: &'a Environment, secrets: &[Secret]) -> Result<Self, Failure> {
        let (_, secret) = environment.first_of(secrets)?;
        Ok(Self { environment, network: Network::new(None)?, authorization: format!("Bearer {secret}") })
    }

    /// Asks for JSON, and gives null where there is nothing.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let url = self.environment.at(path, query);
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.post(method, &url, "application/json", body).await?;
        read(&answer, &url)
    }

    /// Asks with any body, and gives the answer as it is.
    pub(crate) async fn post(
        &self,
        method: Method,
        url: &Url,
        content_type: &str,
        body: String,
    ) -> Result<Answer, Failure> {
        let headers = [("authorization", self.authorization.as_str()), ("content-type", content_type)];
        Ok(self.network.request(method, url, &headers, body, self.environment.timeout).await?)
    }
}

/// The JSON of an answer that says yes.
pub(crate) fn read(answer: &Answer, url: &Url) -> Result<Value, Failure> {
    if answer.header("x-request-id").is_none() {
        let message = format!("what answers at {} is not Conduit Edge (it answered {})", origin(url), answer.status);
        return Err(Failure::Unreachable(message));
    }
    if answer.body.is_empty() && answer.status < 300 {
        return Ok(Value::Null);
    }
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status < 300 {
        return Ok(value);
    }
    Err(Failure::of_status(answer.status, problem(answer.status, &value)))
}

/// What a problem says, with the field that is wrong.
pub(crate) fn problem(status: u16, value: &Value) -> String {
    let member = |name: &str| value.get(name).and_then(Value::as_str);
    let said = member("detail").or_else(|| member("title")).unwrap_or("the server said no");
    let field = member("field").map(|field| format!("{field}: ")).unwrap_or_default();
    format!("{field}{said}{}", hint(status))
}

/// Where somebody was asked.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
