//! The subprotocols that a client offers: which protocol it speaks, and the key of a browser, which can send no headers.

use super::ClientProtocol;
use crate::transport::Secret;

/// The subprotocol of Conduit's simple protocol.
pub const SIMPLE: &str = "conduit.realtime.v1";
/// The subprotocol of OpenAI's protocol.
pub const OPENAI: &str = "realtime";
/// Says that a client speaks OpenAI's beta.
const BETA: &str = "openai-beta.realtime-v1";
/// What an entry that carries a key begins with.
const KEY_PREFIX: &str = "openai-insecure-api-key.";

/// What was made of a client's offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// How it speaks.
    pub protocol: ClientProtocol,
    /// The subprotocol to answer with: one that was offered and carries no key; nothing if none was offered.
    pub subprotocol: Option<String>,
    /// The key, if it came by subprotocol.
    pub key: Option<Secret>,
}

/// Reads `Sec-WebSocket-Protocol` and `OpenAI-Beta`.
///
/// A browser ends the connection if none of its subprotocols is chosen, or another, so one that is spoken here is chosen
/// whenever it is offered.
pub fn negotiate(subprotocols: Option<&str>, openai_beta: Option<&str>) -> Negotiated {
    let offered: Vec<&str> =
        subprotocols.unwrap_or_default().split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    let is_beta = offered.contains(&BETA) || openai_beta.is_some_and(|value| value.contains("realtime=v1"));
    let protocol = match () {
        () if offered.contains(&SIMPLE) => ClientProtocol::Simple,
        () if is_beta => ClientProtocol::OpenAiBeta,
        () => ClientProtocol::OpenAi,
    };
    // Only names that are known: any other may be a key.
    let names = [SIMPLE, OPENAI, BETA];
    let chosen = names.iter().find(|name| offered.contains(name));
    let key = offered.iter().find_map(|entry| entry.strip_prefix(KEY_PREFIX)).filter(|key| !key.is_empty());
    Negotiated { protocol, subprotocol: chosen.map(|name| (*name).to_owned()), key: key.map(Secret::new) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_three_entries_are_understood_in_any_order() {
        let entries = ["realtime", "openai-insecure-api-key.condt_abc", "openai-beta.realtime-v1"];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let offer = order.map(|index| entries[index]).join(", ");
            let negotiated = negotiate(Some(&offer), None);
            assert_eq!(negotiated.protocol, ClientProtocol::OpenAiBeta);
            assert_eq!(negotiated.subprotocol.as_deref(), Some("realtime"));
            assert_eq!(negotiated.key.as_ref().map(Secret::expose), Some("condt_abc"));
            assert!(!format!("{negotiated:?}").contains("condt_abc"));
        }
    }

    #[test]
    fn an_entry_with_a_key_is_never_the_answer() {
        let negotiated = negotiate(Some("openai-insecure-api-key.k, openai-organization.o"), None);
        assert_eq!((negotiated.subprotocol, negotiated.protocol), (None, ClientProtocol::OpenAi));
        assert_eq!(negotiate(Some("bearer.secret, xi-api-key.secret"), None).subprotocol, None);
        assert_eq!(negotiate(None, None).subprotocol, None);
        assert_eq!(negotiate(Some("conduit.realtime.v1"), None).protocol, ClientProtocol::Simple);
        assert_eq!(negotiate(None, Some("realtime=v1")).protocol, ClientProtocol::OpenAiBeta);
    }
}
