//! Who comes, and to which object: for all endpoints of this Worker.

use signalr_durable::edge::{ConnectionToken, Host, Refused, Reserved, TokenKey, Visitor};
use worker::{Env, Error, Request, Response, Result, Stub};

use crate::{bearer::Bearer, plain};

/// Whom the connections of an endpoint belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Users {
    /// All to the same.
    Always(&'static str),
    /// Whoever a token stands for, and nobody without one.
    Anybody,
    /// Whoever this header names.
    OfHeader(&'static str),
    /// Whoever a token stands for; without one nobody comes in.
    Known,
}

/// One request to an endpoint.
pub(crate) struct Guests<'a> {
    pub(crate) env: &'a Env,
    /// Where the objects are.
    pub(crate) binding: &'static str,
    pub(crate) object: String,
    /// What connection ids of the object end in, so that it can be found by them.
    pub(crate) id_ending: String,
    pub(crate) users: Users,
    pub(crate) claims: String,
}

impl Host for Guests<'_> {
    type Error = Refused;

    async fn identify(&self, request: &Request, _: Option<&ConnectionToken>) -> std::result::Result<Visitor, Refused> {
        let bearer = Bearer::of(request, &request.url()?);
        if bearer.is_none() && self.users == Users::Known {
            return Err(Refused::Answer(Box::new(unauthenticated()?)));
        }
        let expires_at_millis = bearer.as_ref().and_then(|bearer| bearer.expires_at_millis);
        let user_id = match self.users {
            Users::Always(user) => Some(user.to_owned()),
            Users::OfHeader(name) => request.headers().get(name)?,
            Users::Anybody | Users::Known => bearer.and_then(|bearer| bearer.user),
        };
        let (object, claims) = (self.object.clone(), self.claims.clone());
        Ok(Visitor { object, user_id, claims, expires_at_millis, ..Visitor::default() })
    }

    fn object(&self, visitor: &Visitor) -> std::result::Result<Stub, Refused> {
        Ok(self.env.durable_object(self.binding)?.get_by_name(&visitor.object)?)
    }

    async fn reserve(&self, _: &Request, _: &Visitor) -> std::result::Result<Reserved, Refused> {
        Ok(Reserved { connection_id: random_id()? + &self.id_ending, relay: None })
    }
}

/// Signs the connection tokens of this Worker.
pub(crate) fn token_key() -> Result<TokenKey> {
    TokenKey::new(b"a key for connection tokens, of tests").map_err(|error| Error::RustError(error.to_string()))
}

fn unauthenticated() -> Result<Response> {
    let mut answer = plain(401, "")?;
    answer.headers_mut().set("www-authenticate", "Bearer")?;
    Ok(answer)
}

/// An id that nobody guesses.
pub(crate) fn random_id() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::RustError(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
