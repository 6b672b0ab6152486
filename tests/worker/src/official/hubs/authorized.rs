//! `/authorizedhub`, `/authorizedhub2`: its host lets in only whom a token stands for.

use signalr_durable::{Hub, Methods};

use super::shared;

pub(super) struct AuthorizedHub;

impl Hub for AuthorizedHub {
    fn methods(methods: &mut Methods<Self>) {
        methods.on("Echo", shared::echo);
    }
}
