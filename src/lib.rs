//! Conduit Edge: the real-time layer of the Conduit LLM gateway as one Cloudflare Worker.
//!
//! This is the stateless side, which runs in every city: it opens the doors, checks who comes in, and asks
//! the Durable Objects, which remember.
//!
//! | room | what it is for |
//! |---|---|
//! | `door`, `router` | every request: its id, its answer's headers, its line in the log; its route |
//! | `hubs_door` | `/hubs/*`: who may reach which hub |
//! | `tokens_door` | `POST /v1/tokens`: client tokens, for whoever holds a key |
//! | `events_door` | `POST /v1/events`: domain events from backends |
//! | `handover` | to the objects that take them, or to the queue |
//! | `queue_door`, `queue_message` | every message of the queues |
//! | `event_consumer`, `event_message` | events that went through the queue |
//! | `webhook_consumer` | webhooks that are due |
//! | `dead_letter_consumer`, `dead_letters_door` | what could not be delivered |
//! | `realtime` | `/v1/realtime`: voice sessions with any provider |
//! | `azure_door` | `/api/*`: the same as `events_door`, and more, for backends that use Azure's SDKs |
//! | `owner_door` | `/v1/tasks`, `/v1/spend`, `/v1/history`, `/v1/webhooks`: what the holder of a key reads |
//! | `keys_door` | `/v1/admin/keys`: the operator's view of virtual keys |
//! | `service_tokens_door`, `service_token_lookup`, `sender` | `/v1/admin/service-tokens`: what backends send events with |
//! | `providers_door` | `/v1/admin/providers`: providers and their health |
//! | `operating_door` | `/v1/admin/audit`, `/v1/admin/connections`, `/metrics`: looking after the whole |
//! | `descriptions` | `/openapi.json`, `/asyncapi.json` |
//! | `health_door`, `echo` | `/health*` |
//! | `body` | reading bodies |
//! | `configuration` | the variables, read once |
//! | `page` | reading a list page by page |
//! | `authentication`, `key_lookup` | who somebody is |
//! | `auth_failures` | failed authentications, limited per address |
//! | `client_token` | what a backend gives to a browser or an app instead of a key |
//! | `token_key` | what signs tokens |
//! | `origins` | which pages may ask (CORS) |
//! | `refusal` | what is answered to a request that is not served |

mod auth_failures;
mod authentication;
mod azure_door;
mod body;
mod client_token;
mod configuration;
mod dead_letter_consumer;
mod dead_letters_door;
mod descriptions;
mod door;
mod echo;
mod event_consumer;
mod event_message;
mod events_door;
mod handover;
mod health_door;
mod hubs_door;
mod key_lookup;
mod keys_door;
mod operating_door;
mod origins;
mod owner_door;
mod page;
mod providers_door;
mod queue_door;
mod queue_message;
mod realtime;
mod refusal;
mod router;
mod sender;
mod service_token_lookup;
mod service_tokens_door;
mod token_key;
mod tokens_door;
mod webhook_consumer;

// The object classes are exported with the Worker.
pub use durable_objects::{Administration, Directory, Relay, VirtualKey};
use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    door::serve(request, env, context).await
}
