//! What is written is read back.

use proptest::prelude::*;
use signalr::record;

use crate::strategy::{message, protocol};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_message_that_is_written_is_read_back_as_it_was(
        (protocol, message) in protocol().prop_flat_map(|protocol| (Just(protocol), message(protocol))),
    ) {
        let mut out = Vec::new();
        protocol.encode(&message, &mut out).unwrap();
        let (record, rest) = record::split(protocol, &out).unwrap().expect("a whole record");
        prop_assert_eq!(rest, b"");
        prop_assert_eq!(protocol.decode(record).unwrap(), Some(message));
    }
}
