//! Chat rooms on `signalr-durable`: one Durable Object for each room, streams in both directions, polls by asking every
//! client, and a page to try it all.
//!
//! | room | what it is for |
//! |---|---|
//! | [`door`] | the Worker's side: which room a request is for |
//! | [`room`] | the Durable Object of a room |
//! | [`chat`] | the hub: what clients may invoke |
//! | [`ballot`] | counting the answers of a poll |
//! | [`records`] | what outlives the object's memory: messages, and who is here |
//! | [`limits`] | what names, texts and rooms may be |
//! | [`page`] | the files of the page |

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod ballot;
mod chat;
mod door;
mod limits;
mod page;
mod records;
mod room;

use signalr_durable::edge::Route;
use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let path = request.path();
    match path.strip_prefix("/chat").and_then(Route::of) {
        Some(route) => door::serve(route, &request, &env).await,
        None => page::serve(&path),
    }
}
