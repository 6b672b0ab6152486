//! `GET /v1/realtime`: voice sessions, between a client that speaks OpenAI's realtime protocol and any provider.
//!
//! What is said is decided by the crate `realtime`, which has no sockets and no clock; here are both.
//!
//! | room | what it is for |
//! |---|---|
//! | `door` | who may begin a session, the upgrade, and how one is refused |
//! | `providers` | who answers a model, as the configuration says |
//! | `leases` | what says that a session may go on, what it may cost, and when it must end |
//! | `purse` | what a session was lent of its key's budget |
//! | `pump` | drives one session, from its first message to its last bill |
//! | `upstream` | requests to providers |
//! | `socket` | a WebSocket whose events are read in order, and that is closed when nobody holds it any more |
//! | `sessions_door` | the sessions that go on, for the key's owner and the operator |
//! | `bill` | what a session costs, on its way to the key's ledger |
//! | `summary` | what a session was, on its way to the key's object |
//! | `retry` | tries again to say both |
//! | `inquiry` | asks providers that say only later what they bill |
//! | `recorder` | records both sides |
//! | `recordings_door` | recordings, for the key's owner and the operator |

mod bill;
mod door;
mod inquiry;
mod leases;
mod providers;
mod pump;
mod purse;
mod recorder;
mod recordings_door;
mod retry;
mod sessions_door;
mod socket;
mod summary;
mod upstream;

pub(crate) use door::serve;
pub(crate) use inquiry::inquire;
pub(crate) use recordings_door::{delete, delete_any, play, play_any};
pub(crate) use sessions_door::{end, end_any, list, list_all, list_past, list_past_of};
