//! Who may connect: the key's own object has the final say.

use signalr_durable::ConnectionCall;
use worker::{Request, Response, Result};

use super::{
    VirtualKey,
    calls::{Admission, Refusal, Reserve},
    key_state::KeyState,
};
use crate::identifiers::random_bytes;

impl VirtualKey {
    /// Answers whether the key may connect now. Nothing is held: the upgrade asks again.
    pub(super) async fn reserve(&self, reserve: &Reserve) -> Result<Admission> {
        Ok(match self.refusal(&reserve.virtual_key_id).await? {
            Some(refusal) => Admission::Refused(refusal),
            None => Admission::Admitted { connection_id: new_connection_id()? },
        })
    }

    /// Serves a client's request for one of its connections. A key that is disabled or gone ends with the next one,
    /// whatever it is for; how many connections a key may have is asked where one begins.
    pub(super) async fn serve_client(&self, request: Request) -> Result<Response> {
        let call = ConnectionCall::of(&request)?;
        let virtual_key_id = call.user_id.as_deref().unwrap_or_default();
        let refusal = match self.refusal(virtual_key_id).await? {
            Some(Refusal::TooManyConnections { .. }) if self.server.has_connection(&call.connection_id) => None,
            refusal => refusal,
        };
        if let Some(refusal) = refusal {
            return Ok(Response::from_json(&refusal)?.with_status(422));
        }
        let answer = self.server.serve(&call, request).await?;
        self.wind_check().await?;
        Ok(answer)
    }

    async fn refusal(&self, virtual_key_id: &str) -> Result<Option<Refusal>> {
        let record = match self.key.read(virtual_key_id).await? {
            None | Some(KeyState::Deleted { .. }) => return Ok(Some(Refusal::Unknown)),
            Some(KeyState::Known(record)) if !record.enabled => return Ok(Some(Refusal::Disabled)),
            Some(KeyState::Known(record)) => record,
        };
        let own_limit = record.limits.connections.map(|limit| u64::from(limit.get()));
        let limit = match own_limit {
            Some(limit) => limit,
            None => self.configuration()?.max_connections_per_key,
        };
        let is_full = || u64::try_from(self.server.connection_count()).is_ok_and(|count| count >= limit);
        if is_full() {
            // Some of them may be dead.
            self.server.check();
        }
        Ok(is_full().then_some(Refusal::TooManyConnections { limit }))
    }
}

/// A public id: 128 random bits in hexadecimal, of unreserved characters only.
fn new_connection_id() -> Result<String> {
    let bytes = random_bytes::<16>().map_err(|error| worker::Error::RustError(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
