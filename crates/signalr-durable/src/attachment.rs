//! What a sleeping object's sockets remember of their connections: one JSON text in each attachment.

use std::{borrow::Cow, rc::Rc};

use serde::{Deserialize, Serialize};
use signalr::{Protocol, handshake::HandshakeRequest};

use crate::event::Variant;

/// The attachment of a hibernating WebSocket holds 16,384 bytes in V8's serialisation (Durable Objects
/// limits); its header takes a few.
const MAX_ATTACHMENT_BYTES: usize = 16_384 - 64;

/// All that must outlive the object's memory. The names are short: this is written at each change of
/// membership.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Attachment<'a> {
    #[serde(rename = "i")]
    pub(crate) id: Cow<'a, str>,
    #[serde(rename = "h")]
    pub(crate) hub: Cow<'a, str>,
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Cow<'a, str>>,
    #[serde(rename = "c", skip_serializing_if = "str::is_empty", default)]
    pub(crate) claims: Cow<'a, str>,
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
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
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
            variant: 0,
            handshake: Some(("json".into(), 1)),
            groups,
            spilled: false,
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
                variant, handshake: Some(("messagepack".into(), 2)),
                groups: groups.into_iter().map(Into::into).collect(), spilled,
            };
            let text = attachment.to_text().map_err(|size| TestCaseError::fail(size.to_string()))?;
            prop_assert_eq!(Attachment::from_text(&text), Some(attachment));
        }
    }
}
