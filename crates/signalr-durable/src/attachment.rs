//! What a sleeping object's sockets remember of their connections: one JSON text in each attachment.

use std::{borrow::Cow, rc::Rc};

use serde::{Deserialize, Serialize};
use signalr::{Protocol, handshake::HandshakeRequest};

use crate::{event::Variant, identity::Identity};

/// The attachment of a hibernating WebSocket holds 16,384 bytes in V8's serialisation (Durable Objects
/// limits); its header takes a few.
const MAX_ATTACHMENT_BYTES: usize = 16_384 - 64;

/// All that must outlive the object's memory. The names are short: this is written at each change of
/// membership.
#[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
pub(crate) struct Attachment<'a> {
    #[serde(rename = "i")]
    pub(crate) id: Cow<'a, str>,
    #[serde(rename = "h")]
    pub(crate) hub: Cow<'a, str>,
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Cow<'a, str>>,
    #[serde(rename = "c", skip_serializing_if = "str::is_empty", default)]
    pub(crate) claims: Cow<'a, str>,
    /// From where the client came.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none", default)]
    pub(crate) remote_address: Option<Cow<'a, str>>,
    #[serde(rename = "v", default)]
    pub(crate) variant: Variant,
    /// Name of the protocol and version of the handshake; none before it.
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub(crate) handshake: Option<(Cow<'a, str>, i32)>,
    /// The groups, unless they did not fit and are in storage.
    #[serde(rename = "g", skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) groups: Vec<Rc<str>>,
    /// Groups or an unfinished record are in storage.
    #[serde(rename = "s", skip_serializing_if = "is_false", default)]
    pub(crate) spilled: bool,
    #[serde(rename = "t", skip_serializing_if = "Role::is_socket", default)]
    pub(crate) role: Role,
    /// When the authentication expires, in milliseconds since the epoch.
    #[serde(rename = "e", skip_serializing_if = "Option::is_none", default)]
    pub(crate) expires_at_millis: Option<f64>,
    /// When the client was last heard, in milliseconds since the epoch; none before its first ping.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none", default)]
    pub(crate) pinged_at_millis: Option<f64>,
    /// Bytes that the client has not shown to have read, once they are many.
    #[serde(rename = "b", skip_serializing_if = "is_zero", default)]
    pub(crate) unread_bytes: usize,
    /// Calls that run: their ids and the names of their methods.
    #[serde(rename = "o", skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) open: Vec<(String, String)>,
}

/// What a socket is to its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Role {
    /// The client's own.
    #[default]
    #[serde(rename = "s")]
    Socket,
    /// Of a Worker that writes Server-Sent Events.
    #[serde(rename = "e")]
    Events,
    /// Of a Worker that holds a poll open; the rest is in storage.
    #[serde(rename = "p")]
    Poll,
    /// The client's own, of a stateful connection; the rest is in storage.
    #[serde(rename = "r")]
    Stateful,
}

impl Role {
    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_socket(&self) -> bool {
        *self == Self::Socket
    }

    /// Whether the connection is kept in storage.
    pub(crate) fn has_session(self) -> bool {
        matches!(self, Self::Poll | Self::Stateful)
    }
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &usize) -> bool {
    *value == 0
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
}

impl<'a> Attachment<'a> {
    /// What there is to remember of a connection when it begins.
    pub(crate) fn of(identity: &'a Identity, hub: &'a str) -> Self {
        Attachment {
            id: Cow::Borrowed(&identity.id),
            hub: Cow::Borrowed(hub),
            user: identity.user.as_deref().map(Cow::Borrowed),
            claims: Cow::Borrowed(&identity.claims),
            remote_address: identity.remote_address.as_deref().map(Cow::Borrowed),
            variant: identity.variant,
            expires_at_millis: identity.expires_at_millis,
            ..Attachment::default()
        }
    }
}

impl Attachment<'_> {
    pub(crate) fn handshake(&self) -> Option<HandshakeRequest> {
        let (name, version) = self.handshake.as_ref()?;
        Some(HandshakeRequest { protocol: Protocol::from_name(name)?, version: *version })
    }

    /// The text to attach, or its size in bytes if that is more than an attachment holds.
    pub(crate) fn to_text(&self) -> Result<String, usize> {
        // Strings and numbers only: serialising them cannot fail.
        let text = serde_json::to_string(self).unwrap_or_default();
        // V8 writes a string with a character beyond Latin-1 in two bytes each.
        let bytes = if text.is_ascii() { text.len() } else { 2 * text.encode_utf16().count() };
        if bytes > MAX_ATTACHMENT_BYTES { Err(bytes) } else { Ok(text) }
    }

    pub(crate) fn from_text(text: &str) -> Option<Attachment<'_>> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_groups(groups: Vec<Rc<str>>) -> Attachment<'static> {
        Attachment {
            id: "id".into(),
            hub: "hub".into(),
            user: None,
            claims: "".into(),
            remote_address: None,
            variant: 0,
            handshake: Some(("json".into(), 1)),
            groups,
            spilled: false,
            role: Role::Socket,
            expires_at_millis: None,
            pinged_at_millis: None,
            unread_bytes: 0,
            open: Vec::new(),
        }
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_size() {
        assert!(with_groups(vec!["x".repeat(16_000).into()]).to_text().is_ok());
        assert!(with_groups(vec!["x".repeat(16_384).into()]).to_text().is_err());
        assert!(with_groups(vec!["я".repeat(8_200).into()]).to_text().is_err());
    }

    #[test]
    fn somebody_elses_attachment_is_not_ours() {
        assert!(Attachment::from_text("{\"__pk\":{}}").is_none());
        assert!(Attachment::from_text("").is_none());
    }

    proptest! {
        #[test]
        fn what_was_attached_is_read_back(
            id in "\\PC{1,40}", user in proptest::option::of("\\PC{0,40}"), claims in "\\PC{0,60}",
            groups in proptest::collection::vec("\\PC{1,20}", 0..20), spilled: bool, variant: u8,
        ) {
            let attachment = Attachment {
                id: id.into(), hub: "tasks".into(), user: user.map(Into::into), claims: claims.into(),
                remote_address: spilled.then(|| "192.0.2.1".into()), variant, handshake: Some(("messagepack".into(), 2)),
                groups: groups.into_iter().map(Into::into).collect(), spilled,
                role: if spilled { Role::Stateful } else { Role::Socket },
                expires_at_millis: Some(f64::from(variant)), pinged_at_millis: None, unread_bytes: usize::from(variant),
                open: vec![("1".to_owned(), "Wait".to_owned())],
            };
            let text = attachment.to_text().map_err(|size| TestCaseError::fail(size.to_string()))?;
            prop_assert_eq!(Attachment::from_text(&text), Some(attachment));
        }
    }
}
