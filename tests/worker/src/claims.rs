//! What hubs know of a connection's request: its claims, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use worker::{Request, Result, Url};

/// The request that opened a connection.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ConnectRequest {
    /// The path below the room: which profile.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    /// By lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
}

impl ConnectRequest {
    /// What hubs may want to know, as claims.
    pub(crate) fn claims_of(request: &Request, url: &Url, path: &str) -> Result<String> {
        let query = url.query_pairs().filter(|(name, _)| !is_protocols(name));
        let this = Self {
            path: path.to_owned(),
            query: query.map(|(name, value)| (name.into(), value.into())).collect(),
            headers: request.headers().entries().collect(),
        };
        Ok(serde_json::to_string(&this)?)
    }

    /// Reads claims; what are none says nothing.
    pub(crate) fn from_claims(claims: &str) -> Self {
        serde_json::from_str(claims).unwrap_or_default()
    }
}

/// Whether clients put this into a query by themselves.
pub(crate) fn is_protocols(name: &str) -> bool {
    ["id", "_", "access_token", "negotiateVersion", "useStatefulReconnect"].contains(&name)
}
