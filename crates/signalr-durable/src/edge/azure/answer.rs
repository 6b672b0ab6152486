//! Answering a request: its status, and Azure's error codes.

use serde_json::json;
use worker::{Headers, Method, Response, Result};

use super::{
    error::RestError,
    request::RestRequest,
    route::{Generation, Kind},
};
use crate::azure::{Missing, Outcome};

impl RestRequest {
    /// Answers with what came of it.
    ///
    /// # Errors
    ///
    /// The platform's.
    pub fn answer(&self, outcome: Outcome) -> Result<Response> {
        let method = if matches!(self.kind, Kind::Exists | Kind::IsInGroup) { Method::Head } else { Method::Get };
        match outcome {
            Outcome::Done => Ok(Response::empty()?.with_status(self.success())),
            Outcome::Result(result) => json_answer(format!("{{\"result\":{}}}", result.get())),
            Outcome::Members { members, has_more } => {
                let last = members.last().map(|member| member.connection_id.as_str());
                let left = self.top.map(|top| top.saturating_sub(u32::try_from(members.len()).unwrap_or(top)));
                let next = last.filter(|_| has_more && left != Some(0)).map(|last| self.next_link(last, left));
                let mut body = json!({ "value": members });
                if let (Some(next), Some(body)) = (next, body.as_object_mut()) {
                    body.insert("nextLink".to_owned(), next.into());
                }
                json_answer(body.to_string())
            }
            Outcome::NotFound(missing) => self.not_found(missing).into_response(&method),
            Outcome::Failed => {
                RestError::new(500, "Error.Internal", "the request failed on our side").into_response(&method)
            }
            Outcome::Refused(why) => RestError::new(400, "Error.Request.Refused", why).into_response(&method),
        }
    }

    /// Answers with a client token.
    ///
    /// # Errors
    ///
    /// The platform's.
    pub fn answer_token(&self, token: &str) -> Result<Response> {
        let mut response = json_answer(json!({ "token": token }).to_string())?;
        // RFC 6750, 5.3: nobody in between keeps a token.
        response.headers_mut().set("cache-control", "no-store")?;
        Ok(response)
    }

    fn success(&self) -> u16 {
        match (self.generation, self.kind, self.is_about_connection) {
            (_, Kind::Send, _)
            | (Generation::One, Kind::Close, _)
            | (Generation::One, Kind::Join | Kind::Leave, false) => 202,
            (Generation::Dated, Kind::Close | Kind::Leave | Kind::LeaveAll, false) => 204,
            _ => 200,
        }
    }

    fn not_found(&self, missing: Missing) -> RestError {
        let (code, message) = match (missing, self.kind) {
            (Missing::Hub, _) => ("Error.Hub.NotExisted", "there is no such hub"),
            (Missing::Connection, Kind::Exists | Kind::Close) => {
                ("Warning.Connection.NotExisted", "there is no such connection")
            }
            (Missing::Connection, _) => ("Error.Connection.NotExisted", "there is no such connection"),
            (Missing::User, _) => ("Warning.User.NotExisted", "the user has no connection"),
            (Missing::Group, _) => ("Warning.Group.NotExisted", "the group has no connection"),
            (Missing::Membership, _) => ("Info.User.NotInGroup", "the user is not in the group"),
        };
        RestError::new(404, code, message)
    }

    fn next_link(&self, last: &str, left: Option<u32>) -> String {
        let mut next = self.url.clone();
        let is_cursor = |name: &str| ["continuationToken", "top"].iter().any(|known| known.eq_ignore_ascii_case(name));
        let kept: Vec<(String, String)> =
            self.url.query_pairs().into_owned().filter(|(name, _)| !is_cursor(name)).collect();
        let mut pairs = next.query_pairs_mut();
        pairs.clear().extend_pairs(kept).append_pair("continuationToken", last);
        if let Some(left) = left {
            pairs.append_pair("top", &left.to_string());
        }
        drop(pairs);
        next.to_string()
    }
}

fn json_answer(body: String) -> Result<Response> {
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    Ok(Response::ok(body)?.with_headers(headers))
}
