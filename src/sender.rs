//! Who may send events, and which: `POST /v1/events`.

use contract::{ProblemKind, ServiceAccess};

use crate::{
    authentication::{Credential, Principal, principal_of},
    door::Visit,
    refusal::Refusal,
};

/// What whoever asks may send.
///
/// # Errors
///
/// 401 without a key or token that is anybody's, 403 with a virtual key or a client token.
pub(crate) async fn authorize(visit: &Visit) -> Result<ServiceAccess, Refusal> {
    let unauthorized = |detail: &str| Refusal::problem(ProblemKind::Unauthorized, detail);
    let credential = Credential::of(&visit.request, &visit.url, false).ok_or_else(|| {
        unauthorized(
            "this route needs a service token, as a bearer token, or the master key, as that or in X-Master-Key",
        )
    })?;
    match principal_of(visit, &credential).await? {
        Some(Principal::Operator) => Ok(ServiceAccess::unrestricted()),
        Some(Principal::Service { access }) => Ok(access),
        Some(Principal::VirtualKey { .. } | Principal::MasterHubs { .. }) => {
            let detail = "this route takes a service token or the master key, neither a virtual key nor a client token";
            Err(Refusal::problem(ProblemKind::Forbidden, detail))
        }
        None => Err(unauthorized("the key or token is unknown, or past its time")),
    }
}
