//! The hubs, one file for each suite; [`shared`] has what several of them do.

mod authorized;
mod chat;
mod dotnet;
mod format;
mod shared;
mod swift;
mod typescript;
mod uncreatable;
mod unserializable;

use std::rc::Rc;

use signalr_durable::ServerBuilder;

pub(super) const AUTHORIZED: &str = "authorized";
pub(super) const AUTH_CHAT: &str = "auth-chat";
pub(super) const CHAT: &str = "chat";
pub(super) const DOTNET: &str = "dotnet";
pub(super) const SWIFT: &str = "swift";
pub(super) const TYPESCRIPT: &str = "typescript";
pub(super) const UNCREATABLE: &str = "uncreatable";

/// Has a server serve all of them.
pub(super) fn register(builder: ServerBuilder) -> ServerBuilder {
    builder
        .hub(TYPESCRIPT, Rc::new(typescript::TypeScriptHub))
        .hub(DOTNET, Rc::new(dotnet::DotnetHub))
        .hub(AUTHORIZED, Rc::new(authorized::AuthorizedHub))
        .hub(UNCREATABLE, Rc::new(uncreatable::UncreatableHub))
        .hub(SWIFT, Rc::new(swift::SwiftHub))
        .hub(CHAT, Rc::new(chat::ChatHub))
        .hub(AUTH_CHAT, Rc::new(chat::AuthChatHub))
}
