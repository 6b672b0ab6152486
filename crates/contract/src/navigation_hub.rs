//! `NavigationStateHub`: where a user is, carried to the other connections of the key, and news of models.

use serde::{Deserialize, Serialize};

use crate::{
    any_json::AnyJson,
    client_event::{ClientEvent, EventDeclaration, client_event},
    hub::{Hub, KEY_GROUP, KeyKind},
    method::{MethodDeclaration, parameter},
    system_event::{ModelCapabilitiesDiscovered, ModelMappingChanged, ProviderHealthChanged},
};

/// The largest state, in bytes of JSON without white space.
pub const MAX_STATE_BYTES: usize = 8 * 1_024;
/// Refuses a state of more than [`MAX_STATE_BYTES`].
pub const STATE_TOO_LARGE: &str = "Navigation state is too large";

const STATE: &str = r#"{"page":"chat","conversationId":"c-7"}"#;

/// Where a user is.
pub static NAVIGATION_HUB: Hub = Hub {
    name: "NavigationStateHub",
    route: "navigation-state",
    aliases: &[],
    key: KeyKind::Virtual,
    summary: "Where a user is, on all devices of the key, and which models and providers there are.",
    methods: METHODS,
    events: EVENTS,
    groups: &[KEY_GROUP],
};

/// Says where the user is.
pub const UPDATE_NAVIGATION: MethodDeclaration = MethodDeclaration {
    name: "UpdateNavigation",
    summary: "Says where the user is, in any shape of at most 8 KiB. The key's other connections are told, and those that \
              come later are told on connecting.",
    parameters: &[parameter!("state": AnyJson, STATE)],
    answer: None,
    refusals: &[STATE_TOO_LARGE],
    streams: false,
};

const METHODS: &[MethodDeclaration] = &[UPDATE_NAVIGATION];

const EVENTS: &[&EventDeclaration] = &[
    NavigationUpdated::DECLARATION,
    ProviderHealthChanged::DECLARATION,
    ModelMappingChanged::DECLARATION,
    ModelCapabilitiesDiscovered::DECLARATION,
];

/// The user is somewhere else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NavigationUpdated {
    /// Where, as the other connection said it.
    pub state: AnyJson,
}
client_event!(
    NavigationUpdated, Ephemeral, Positional(&["state"]),
    example: r#"{"state":{"page":"chat","conversationId":"c-7"}}"#,
);

/// Whether a state is refused with [`STATE_TOO_LARGE`].
pub fn is_too_large(state: &AnyJson) -> bool {
    state.get().len() > MAX_STATE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(bytes: usize) -> AnyJson {
        AnyJson::from_value(&"x".repeat(bytes - 2)).unwrap()
    }

    #[test]
    fn a_state_may_have_8_kib_and_not_a_byte_more() {
        assert!(!is_too_large(&state(8_192)));
        assert!(is_too_large(&state(8_193)));
    }

    #[test]
    fn white_space_does_not_count() {
        let spread = format!("[{}1]", " ".repeat(10_000));
        assert!(!is_too_large(&AnyJson::from_text(&spread).unwrap()));
    }
}
