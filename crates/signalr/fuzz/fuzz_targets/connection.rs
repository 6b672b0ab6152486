//! Any bytes as what a client sends, cut in any way: what comes of it does not depend on the cuts, and no more is kept
//! than may be.
//!
//! The first byte of the input chooses the protocol, or to begin with a handshake. Then come the frames, each after a
//! byte that says how long it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr::{Connection, ConnectionOptions, Protocol, Transport};

const MAX_MESSAGE_BYTES: usize = 128;

fuzz_target!(|data: &[u8]| {
    let Some((start, mut data)) = data.split_first() else { return };
    let mut frames = Vec::new();
    while let Some((length, rest)) = data.split_first() {
        let (frame, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        frames.push(frame);
        data = rest;
    }
    let in_pieces = receive(*start, &frames);
    let at_once = receive(*start, &[&frames.concat()]);
    assert_eq!(in_pieces, at_once);
});

/// Returns what is left of a record that has not ended, and what came of the frames.
fn receive(start: u8, frames: &[&[u8]]) -> (Vec<u8>, Vec<String>) {
    let options = ConnectionOptions {
        max_message_bytes: MAX_MESSAGE_BYTES,
        detailed_errors: true,
        transport: Transport::WebSockets,
    };
    let mut connection = match start % 3 {
        0 => Connection::new(options),
        1 => Connection::restore(options, Protocol::Json, 1, Vec::new()),
        _ => Connection::restore(options, Protocol::MessagePack, 1, Vec::new()),
    };
    let mut received = Vec::new();
    for frame in frames {
        connection.receive(frame, |what| received.push(format!("{what:?}")));
        assert!(connection.partial().len() <= MAX_MESSAGE_BYTES);
    }
    (connection.partial().to_vec(), received)
}
