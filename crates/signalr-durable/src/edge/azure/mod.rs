//! The Azure SignalR data-plane REST API, on the Worker's side: a second door, for backends that use Azure's management
//! SDKs or its REST API itself.
//!
//! [`RestRequest::read`] checks a request's access token and says what it asks for. The application finds the object that
//! an [`Operation`](crate::azure::Operation) is for, hands it over, and answers with [`RestRequest::answer`].
//!
//! Served are the routes of `api-version` 2022-06-01 to 2024-12-01 under `/api/hubs/{hub}`, and those of version 1 under
//! `/api/v1/hubs/{hub}`. Not served are `:execute` and the streams of a connection, which here belong to its hub: 501.
//!
//! | room | what it is for |
//! |---|---|
//! | `access_keys` | access tokens: whose they are, and what for |
//! | `route` | which request means what |
//! | `query` | its query, with names in any case |
//! | `request`, `answer` | reading a request, answering it |
//! | `error` | what is answered to a request that is not served |

mod access_keys;
mod answer;
mod error;
mod query;
mod request;
mod route;

pub use self::{
    access_keys::AccessKeys,
    error::RestError,
    request::{Ask, RestRequest},
};
