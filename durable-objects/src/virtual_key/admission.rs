//! Who may connect: the key's own object has the final say.

use signalr_durable::{Acceptance, ServerError};
use worker::{Request, Response, Result};

use super::{
    VirtualKey,
    calls::{Admission, Connect, Refusal, Reserve},
    key_state::KeyState,
    task_event::WITH_META,
};
use crate::{call::CONNECT_HEADER, identifiers::random_bytes};

impl VirtualKey {
    /// Answers whether the key may connect now. Nothing is held: the upgrade asks again.
    pub(super) async fn reserve(&self, reserve: &Reserve) -> Result<Admission> {
        Ok(match self.refusal(&reserve.virtual_key_id).await? {
            Some(refusal) => Admission::Refused(refusal),
            None => Admission::Admitted { connection_id: new_connection_id()? },
        })
    }

    /// Takes a WebSocket.
    pub(super) async fn admit(&self, request: &Request) -> Result<Response> {
        let is_upgrade = request.headers().get("upgrade")?.is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
        let Some(header) = request.headers().get(CONNECT_HEADER)?.filter(|_| is_upgrade) else {
            return Response::error("a connect call is an upgrade", 426);
        };
        let connect: Connect = serde_json::from_str(&header)?;
        if let Some(refusal) = self.refusal(&connect.virtual_key_id).await? {
            return Ok(Response::from_json(&refusal)?.with_status(422));
        }
        let connection_id = connect.connection_id.map_or_else(new_connection_id, Ok)?;
        let acceptance = Acceptance {
            hub: &connect.hub,
            connection_id: &connection_id,
            user_id: Some(&connect.virtual_key_id),
            claims: "",
            variant: if connect.meta { WITH_META } else { 0 },
        };
        match self.server.accept(acceptance) {
            Ok(response) => Ok(response),
            Err(error @ ServerError::ConnectionActive(_)) => Response::error(error.to_string(), 409),
            Err(error @ ServerError::ConnectionEnded(_)) => Response::error(error.to_string(), 410),
            Err(error) => Response::error(error.to_string(), 500),
        }
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
        let is_full = u64::try_from(self.server.connection_count()).is_ok_and(|count| count >= limit);
        Ok(is_full.then_some(Refusal::TooManyConnections { limit }))
    }
}

/// A public id: 128 random bits in hexadecimal, of unreserved characters only.
fn new_connection_id() -> Result<String> {
    let bytes = random_bytes::<16>().map_err(|error| worker::Error::RustError(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
