//! Conduit Edge: the real-time layer of the Conduit LLM gateway as one Cloudflare Worker.
//!
//! This is the stateless side, which runs in every city: it opens the doors, checks who comes in, and asks
//! the Durable Objects, which remember.
//!
//! | room | what it is for |
//! |---|---|
//! | `door` | every request: its id, its route, its answer's headers, its line in the log |
//! | `hubs_door` | `/hubs/*`: who may reach which hub |
//! | `tokens_door` | `POST /v1/tokens`: client tokens, for whoever holds a key |
//! | `events_door` | `POST /v1/events`: domain events from backends |
//! | `keys_door` | `/v1/admin/keys`: the operator's view of virtual keys |
//! | `health_door` | `/health*` |
//! | `authentication`, `key_lookup` | who somebody is |
//! | `auth_failures` | failed authentications, limited per address |
//! | `client_token` | what a backend gives to a browser or an app instead of a key |
//! | `token_key` | what signs tokens |
//! | `origins` | which pages may ask (CORS) |
//! | `refusal` | what is answered to a request that is not served |

mod auth_failures;
mod authentication;
mod client_token;
mod door;
mod events_door;
mod health_door;
mod hubs_door;
mod key_lookup;
mod keys_door;
mod origins;
mod refusal;
mod token_key;
mod tokens_door;

// The object classes are exported with the Worker.
pub use durable_objects::{Administration, VirtualKey};
use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    door::serve(request, env).await
}
