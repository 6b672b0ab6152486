//! `/hubs/*`: who may reach which hub, for the endpoint that answers as ASP.NET Core does.

use contract::{AuthenticationFigure, Dialect, Hub, KeyKind, MetricsSnapshot};
use durable_objects::{
    ADMINISTRATION_NAME, Admission, Count, Refusal as KeyRefusal, Reserve, ReserveMaster, SHARDS, log, now_millis,
    random_bytes, variant,
};
use serde_json::json;
use signalr_durable::edge::{
    ConnectionToken, Endpoint, EndpointOptions, Host, Reserved, Route, TokenKey, Visitor, refresh_refused, region_of,
};
use worker::{Request, Response, Stub, Url};

use crate::{
    authentication::{Credential, Principal, principal_of},
    door::Visit,
    refusal::Refusal,
    token_key::signing_secret,
};

pub(crate) async fn serve(visit: Visit) -> Result<Response, Refusal> {
    let path = visit.url.path().to_owned();
    let route = path.strip_prefix("/hubs/").unwrap_or_default();
    let (segment, rest) = route.split_at(route.find('/').unwrap_or(route.len()));
    let not_found = || Refusal::plain(404, "");
    let is_served = |hub: &&Hub| visit.configuration.serves(hub);
    let hub = contract::hub::find(segment).filter(is_served).ok_or_else(not_found)?;
    let route = Route::of(rest).ok_or_else(not_found)?;

    let configuration = &visit.configuration;
    let options = EndpointOptions {
        stateful_reconnect: true,
        authentication_refresh: true,
        begin_within_seconds: configuration.handshake_timeout_seconds,
        keep_alive_millis: configuration.keep_alive_seconds * 1_000,
        ..EndpointOptions::default()
    };
    let key = TokenKey::new(signing_secret(&visit.env)?.as_bytes()).map_err(worker::Error::from)?;
    let endpoint = Endpoint { hub: hub.name, options: &options, key: &key };
    let mut response = match endpoint.serve(route, &visit.request, &HubHost { visit: &visit, hub }).await {
        Err(Refusal::Plain { status: 401, .. }) if route == Route::Refresh => refresh_refused(401, "invalid_token")?,
        outcome => outcome?,
    };
    match response.status_code() {
        // The key's own object has the final say.
        422 => Err(refused_by_key(&visit, hub, response.json().await?)),
        500.. => Err(Refusal::Internal(format!("the key's object answered: {}", response.text().await?))),
        _ => Ok(response),
    }
}

/// One hub, and who asks for it.
struct HubHost<'a> {
    visit: &'a Visit,
    hub: &'static Hub,
}

impl Host for HubHost<'_> {
    type Error = Refusal;

    async fn identify(&self, _request: &Request, token: Option<&ConnectionToken>) -> Result<Visitor, Refusal> {
        let credential = Credential::of(&self.visit.request, &self.visit.url, true).ok_or_else(|| {
            count_failure(self.visit, self.hub);
            unauthenticated("no key was given")
        })?;
        let fingerprint = credential.fingerprint();
        // The key that negotiated needs no lookup a second time; another secret may be the same key's. A client token
        // is read again, which costs no lookup: it may have expired since.
        let known = token.filter(|token| token.fingerprint == fingerprint && !credential.is_client_token());
        let (id, claims, expires_at_millis) = match known {
            Some(token) => (token.object.clone(), String::new(), None),
            None => self.holder(&credential).await?,
        };
        Ok(Visitor {
            object: id.clone(),
            // Whoever administers is nobody's user.
            user_id: (self.hub.key == KeyKind::Virtual).then_some(id),
            claims,
            variant: variant(dialect_of(&self.visit.url)?, has_meta(&self.visit.url)),
            fingerprint,
            expires_at_millis,
        })
    }

    fn object(&self, visitor: &Visitor) -> Result<Stub, Refusal> {
        let (binding, name) = match self.hub.key {
            KeyKind::Virtual => ("VIRTUAL_KEY", durable_objects::virtual_key_name(&visitor.object)),
            KeyKind::Master => ("ADMINISTRATION", visitor.object.clone()),
        };
        Ok(self.visit.env.durable_object(binding)?.get_by_name(&name)?)
    }

    async fn reserve(&self, request: &Request, visitor: &Visitor) -> Result<Reserved, Refusal> {
        let env = &self.visit.env;
        let admission = match self.hub.key {
            KeyKind::Virtual => {
                let region = region_of(request).map(str::to_owned);
                durable_objects::ask(env, &Reserve { virtual_key_id: visitor.object.clone(), region }).await?
            }
            KeyKind::Master => durable_objects::ask(env, &ReserveMaster {}).await?,
        };
        match admission {
            Admission::Admitted { connection_id, relay } => Ok(Reserved { connection_id, relay }),
            Admission::Refused(refusal) => Err(refused_by_key(self.visit, self.hub, refusal)),
        }
    }

    fn relay(&self, visitor: &Visitor, number: u32, region: Option<&str>) -> Result<Stub, Refusal> {
        Ok(durable_objects::relay_stub(&self.visit.env, &visitor.object, number, region)?)
    }

    fn connection_id(&self, visitor: &Visitor) -> Result<String, Refusal> {
        let of_key = (self.hub.key == KeyKind::Virtual).then_some(visitor.object.as_str());
        Ok(durable_objects::new_connection_id(of_key)?)
    }
}

impl HubHost<'_> {
    /// The object that a secret opens this hub of, what its holder may do there, and until when.
    async fn holder(&self, credential: &Credential) -> Result<(String, String, Option<i64>), Refusal> {
        match (principal_of(self.visit, credential).await?, self.hub.key) {
            (Some(Principal::VirtualKey { id, access, expires_at_millis }), KeyKind::Virtual)
                if access.allows_hub(self.hub.name) =>
            {
                let claims = access.to_claims().map_err(|error| Refusal::Internal(error.to_string()))?;
                Ok((id, claims, expires_at_millis))
            }
            (Some(Principal::Operator), KeyKind::Master) => Ok((ADMINISTRATION_NAME.to_owned(), String::new(), None)),
            (Some(Principal::MasterHubs { access, expires_at_millis }), KeyKind::Master)
                if access.allows_hub(self.hub.name) =>
            {
                let claims = access.to_claims().map_err(|error| Refusal::Internal(error.to_string()))?;
                Ok((ADMINISTRATION_NAME.to_owned(), claims, Some(expires_at_millis)))
            }
            (Some(_), _) => Err(Refusal::plain(403, "")),
            (None, _) => {
                count_failure(self.visit, self.hub);
                Err(unauthenticated("the key is unknown"))
            }
        }
    }
}

/// The dialect that a client asks for.
fn dialect_of(url: &Url) -> Result<Dialect, Refusal> {
    let asked = url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("dialect")).map(|(_, value)| value);
    match asked {
        None => Ok(Dialect::Contract),
        Some(name) => Dialect::named(&name)
            .ok_or_else(|| Refusal::plain(400, "Unknown dialect: there are `conduit` and `guide`.")),
    }
}

/// Has the directory count a failed authentication. The answer does not wait for it.
fn count_failure(visit: &Visit, hub: &Hub) {
    let mut carried = MetricsSnapshot::new(now_millis());
    carried.authentication_failures.push(AuthenticationFigure { hub: hub.name.to_owned(), total: 1 });
    let shard = random_bytes::<1>().map_or(0, |[byte]| byte % SHARDS);
    let env = visit.env.clone();
    visit.context.wait_until(async move {
        if let Err(error) = durable_objects::ask(&env, &Count { shard, carried }).await {
            log::warn("a failed authentication was not counted", json!({ "error": error.to_string() }));
        }
    });
}

/// Whether a client wants the metadata of events as one more argument.
fn has_meta(url: &Url) -> bool {
    url.query_pairs().any(|(name, value)| name.eq_ignore_ascii_case("meta") && value == "1")
}

fn unauthenticated(why: &str) -> Refusal {
    let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{why}\"");
    Refusal::Plain { status: 401, text: String::new(), header: Some(("www-authenticate", challenge)) }
}

/// What the key's own object refuses. A key that opens nothing has failed to authenticate.
fn refused_by_key(visit: &Visit, hub: &Hub, refusal: KeyRefusal) -> Refusal {
    if matches!(refusal, KeyRefusal::Unknown | KeyRefusal::Disabled | KeyRefusal::Expired) {
        count_failure(visit, hub);
    }
    key_refusal(refusal)
}

fn key_refusal(refusal: KeyRefusal) -> Refusal {
    match refusal {
        KeyRefusal::Unknown => unauthenticated("the key is unknown"),
        KeyRefusal::Disabled => unauthenticated("the key is disabled"),
        KeyRefusal::Expired => unauthenticated("the key is past its time"),
        KeyRefusal::SystemFull { limit } => Refusal::Plain {
            status: 429,
            text: format!("The system has {limit} connections, as many as it may have."),
            header: Some(("retry-after", "30".to_owned())),
        },
        KeyRefusal::TooManyConnections { limit } => Refusal::Plain {
            status: 429,
            text: format!("The virtual key has {limit} connections, as many as it may have."),
            header: Some(("retry-after", "5".to_owned())),
        },
    }
}
