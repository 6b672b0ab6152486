//! However the network cuts a stream of messages, the same messages come out.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use signalr::handshake::HandshakeRequest;
use signalr::{Connection, ConnectionOptions, HubMessage, Protocol, Received};

use crate::strategy::{message, protocol};

/// Feeds `stream` to a new connection, cut at `cuts`, and returns what is left of an unfinished record and the
/// messages.
///
/// Half of the time the host sleeps between two frames and restores the connection.
fn receive(stream: &[u8], cuts: &[Index], host_sleeps: bool) -> Result<(Vec<u8>, Vec<HubMessage>), String> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    ends.push(stream.len());
    ends.sort_unstable();

    let options = ConnectionOptions { max_message_bytes: 1 << 20, ..ConnectionOptions::default() };
    let mut connection = Connection::new(options);
    let mut messages = Vec::new();
    let mut failure = None;
    let mut start = 0;
    for end in ends {
        connection.receive(&stream[start..end], |received| match received {
            Received::Handshake { .. } => {}
            Received::Message(message) => messages.push(message),
            other => failure = Some(format!("{other:?}")),
        });
        start = end;
        if host_sleeps {
            let partial = connection.partial().to_vec();
            connection = match connection.protocol() {
                Some(protocol) => Connection::restore(options, protocol, 1, partial),
                None => Connection::restore_handshake(options, partial),
            };
        }
    }
    match failure {
        Some(failure) => Err(failure),
        None => Ok((connection.partial().to_vec(), messages)),
    }
}

/// Messages that a client can send on, of which a close would be the last.
fn open_message(protocol: Protocol) -> impl Strategy<Value = HubMessage> {
    message(protocol).prop_filter("close", |message| !matches!(message, HubMessage::Close { .. }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_cut_of_a_stream_gives_the_same_messages(
        (protocol, messages) in protocol()
            .prop_flat_map(|protocol| (Just(protocol), vec(open_message(protocol), 0..6))),
        cuts in vec(any::<Index>(), 0..12),
        host_sleeps in any::<bool>(),
        unfinished in any::<bool>(),
    ) {
        let mut stream = HandshakeRequest { protocol, version: 1 }.to_bytes();
        for message in &messages {
            protocol.encode(message, &mut stream).unwrap();
        }
        let whole = stream.len();
        if unfinished {
            stream.extend_from_slice(&protocol.ping()[..protocol.ping().len() - 1]);
        }
        let (partial, received) = receive(&stream, &cuts, host_sleeps).unwrap();
        prop_assert_eq!(&partial, &stream[whole..]);
        prop_assert_eq!(received, messages);
    }
}
