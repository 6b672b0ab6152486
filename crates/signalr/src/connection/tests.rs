//! What comes of frames.

use super::*;
use crate::handshake;

const JSON_HANDSHAKE: &[u8] = b"{\"protocol\":\"json\",\"version\":1}\x1e";
const MESSAGEPACK_HANDSHAKE: &[u8] = b"{\"protocol\":\"messagepack\",\"version\":2}\x1e";
const JSON_PING: &[u8] = b"{\"type\":6}\x1e";

fn small() -> ConnectionOptions {
    ConnectionOptions { max_message_bytes: 100, ..ConnectionOptions::default() }
}

/// Feeds `frames` to `connection` and describes what comes of them.
fn received(connection: &mut Connection, frames: &[&[u8]]) -> Vec<String> {
    let mut received = Vec::new();
    for frame in frames {
        connection.receive(frame, |what| received.push(describe(&what)));
    }
    received
}

fn describe(received: &Received) -> String {
    match received {
        Received::Handshake { protocol, version } => format!("{} {version}", protocol.name()),
        Received::HandshakeRejected { answer } => {
            format!("rejected: {}", String::from_utf8_lossy(answer))
        }
        Received::Message(HubMessage::Ping) => "ping".to_owned(),
        Received::Message(HubMessage::Close { .. }) => "close".to_owned(),
        Received::Message(other) => format!("{other:?}"),
        Received::Fault { close, detail } => {
            format!("fault: {} ({detail})", String::from_utf8_lossy(close))
        }
    }
}

fn open(protocol: Protocol) -> Connection {
    Connection::restore(small(), protocol, 1, Vec::new())
}

#[test]
fn handshake_and_messages_may_share_a_frame() {
    let mut connection = Connection::new(small());
    assert_eq!(connection.protocol(), None);
    let frame = [JSON_HANDSHAKE, JSON_PING, JSON_PING].concat();
    assert_eq!(received(&mut connection, &[&frame]), ["json 1", "ping", "ping"]);
    assert_eq!(connection.protocol(), Some(Protocol::Json));
    assert_eq!(connection.partial(), b"");
}

#[test]
fn after_its_handshake_messagepack_is_binary_even_in_the_same_frame() {
    let mut connection = Connection::new(small());
    let frame = [MESSAGEPACK_HANDSHAKE, b"\x02\x91\x06\x02\x91\x06\x02"].concat();
    assert_eq!(received(&mut connection, &[&frame, b"\x91\x06"]), ["messagepack 2", "ping", "ping", "ping"]);
}

#[test]
fn every_byte_may_come_alone() {
    for stream in [[JSON_HANDSHAKE, JSON_PING].concat(), [MESSAGEPACK_HANDSHAKE, b"\x02\x91\x06"].concat()] {
        let mut connection = Connection::new(small());
        let frames: Vec<&[u8]> = stream.chunks(1).collect();
        let received = received(&mut connection, &frames);
        assert_eq!(received.len(), 2);
        assert_eq!(received[1], "ping");
        assert_eq!(connection.partial(), b"");
    }
}

#[test]
fn an_empty_frame_is_harmless() {
    assert!(received(&mut Connection::new(small()), &[b""]).is_empty());
    assert!(received(&mut open(Protocol::Json), &[b""]).is_empty());
    assert!(received(&mut open(Protocol::MessagePack), &[b""]).is_empty());
}

#[test]
fn a_record_that_has_not_ended_survives_the_host_s_sleep() {
    let mut before = Connection::new(small());
    assert_eq!(received(&mut before, &[JSON_HANDSHAKE, b"{\"type\""]), ["json 1"]);
    assert_eq!(before.partial(), b"{\"type\"");

    let mut after = Connection::restore(small(), Protocol::Json, 1, before.partial().to_vec());
    assert_eq!(received(&mut after, &[b":6}\x1e"]), ["ping"]);

    let (start, end) = JSON_HANDSHAKE.split_at(5);
    let mut after = Connection::restore_handshake(small(), start.to_vec());
    assert_eq!(received(&mut after, &[end]), ["json 1"]);
}

#[test]
fn a_handshake_on_server_sent_events_cannot_ask_for_messagepack() {
    let options = ConnectionOptions { transport: Transport::ServerSentEvents, ..small() };
    let mut connection = Connection::new(options);
    let received = received(&mut connection, &[MESSAGEPACK_HANDSHAKE, JSON_PING]);
    assert_eq!(received.len(), 1);
    assert!(received[0].contains("does not support 'Binary' transfer format."), "{received:?}");
}

#[test]
fn a_handshake_longer_than_a_message_may_be_is_canceled() {
    let canceled = ["rejected: {\"error\":\"Handshake was canceled.\"}\u{1e}"];
    assert_eq!(received(&mut Connection::new(small()), &[&[b' '; 101]]), canceled);
    assert_eq!(received(&mut Connection::new(small()), &[&[b' '; 60], &[b' '; 41]]), canceled);
    let padded = [[b' '; 70].as_slice(), JSON_HANDSHAKE].concat();
    assert_eq!(padded.len(), 102);
    assert_eq!(received(&mut Connection::new(small()), &[&padded]), canceled);
    assert_eq!(received(&mut Connection::new(small()), &[&padded[2..]]), ["json 1"]);
}

#[test]
fn a_message_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    let padded = |len: usize| [vec![b' '; len - JSON_PING.len()].as_slice(), JSON_PING].concat();
    assert_eq!(received(&mut open(Protocol::Json), &[&padded(100)]), ["ping"]);
    let fault = received(&mut open(Protocol::Json), &[&padded(101)]);
    assert!(fault[0].starts_with("fault: "), "{fault:?}");

    let binary = |body: usize| [vec![u8::try_from(body).unwrap(), 0x91, 0x06].as_slice(), &vec![0; body - 2]].concat();
    assert_eq!(received(&mut open(Protocol::MessagePack), &[&binary(99)]), ["ping"]);
    let fault = received(&mut open(Protocol::MessagePack), &[&binary(100)]);
    assert!(fault[0].starts_with("fault: "), "{fault:?}");
}

#[test]
fn messages_that_are_together_above_the_limit_pass() {
    let frame = JSON_PING.repeat(50);
    assert_eq!(received(&mut open(Protocol::Json), &[&frame]).len(), 50);
}

#[test]
fn a_record_that_never_ends_is_refused_at_the_limit_and_not_kept() {
    let mut connection = open(Protocol::Json);
    assert!(received(&mut connection, &[&[b' '; 100]]).is_empty());
    assert_eq!(connection.partial().len(), 100);
    assert_eq!(received(&mut connection, &[b" "]).len(), 1);
    assert_eq!(connection.partial(), b"");

    let mut connection = open(Protocol::MessagePack);
    assert_eq!(received(&mut connection, &[b"\xff\xff\xff\xff\x07"]).len(), 1);
    assert_eq!(connection.partial(), b"");
}

#[test]
fn a_fault_closes_in_the_connection_s_protocol_and_allows_to_reconnect() {
    let close = "{\"type\":7,\"error\":\"Connection closed with an error.\",\"allowReconnect\":true}\u{1e}";
    let detail = "InvalidDataException: Error reading JSON.";
    let fault = received(&mut open(Protocol::Json), &[b"garbage\x1e"]);
    assert_eq!(fault, [format!("fault: {close} ({detail})")]);

    let mut closes = Vec::new();
    open(Protocol::MessagePack).receive(b"\x01\x2a", |what| {
        if let Received::Fault { close, .. } = what {
            closes.push(close);
        }
    });
    let mut expected = b"\x24\x93\x07\xd9\x20Connection closed with an error.".to_vec();
    expected.push(0xC3);
    expected[0] = u8::try_from(expected.len() - 1).unwrap();
    assert_eq!(closes, [expected]);
}

#[test]
fn the_client_is_told_what_is_wrong_when_errors_are_detailed() {
    let options = ConnectionOptions { detailed_errors: true, ..small() };
    let mut connection = Connection::restore(options, Protocol::Json, 1, Vec::new());
    let fault = received(&mut connection, &[b"42\x1e"]);
    let text = "Connection closed with an error. InvalidDataException: Unexpected JSON Token Type 'Number'.";
    assert!(fault[0].contains(text), "{fault:?}");

    let mut connection = Connection::restore(options, Protocol::Json, 1, Vec::new());
    let fault = received(&mut connection, &[&[b' '; 101]]);
    assert!(fault[0].contains("The maximum message size of 100B was exceeded."), "{fault:?}");
}

#[test]
fn nothing_is_delivered_after_a_fault_a_rejection_or_a_close() {
    for (mut connection, last) in [
        (open(Protocol::Json), b"garbage\x1e".as_slice()),
        (open(Protocol::Json), b"{\"type\":7}\x1e"),
        (Connection::new(small()), b"garbage\x1e"),
    ] {
        let frame = [last, JSON_PING].concat();
        assert_eq!(received(&mut connection, &[&frame, JSON_PING]).len(), 1);
        assert_eq!(connection.protocol(), None);
        assert_eq!(connection.partial(), b"");
        assert!(connection.disconnect().is_ok());
    }
}

#[test]
fn messages_before_a_fault_are_delivered() {
    let frame = [JSON_PING, b"garbage\x1e"].concat();
    assert_eq!(received(&mut open(Protocol::Json), &[&frame])[0], "ping");
}

#[test]
fn an_unknown_kind_of_message_neither_ends_nor_stalls_the_connection() {
    let frame = [b"{\"type\":42}\x1e".as_slice(), JSON_PING].concat();
    assert_eq!(received(&mut open(Protocol::Json), &[&frame]), ["ping"]);
    assert_eq!(received(&mut open(Protocol::MessagePack), &[b"\x02\x91\x2a\x02\x91\x06"]), ["ping"]);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_message_is_noticed() {
    let mut connection = open(Protocol::Json);
    assert!(received(&mut connection, &[b"{\"type\""]).is_empty());
    assert!(matches!(connection.disconnect(), Err(ProtocolError::Terminated)));

    let mut connection = Connection::new(small());
    assert!(received(&mut connection, &[b"{\"protocol\""]).is_empty());
    assert!(connection.disconnect().is_ok());
}

#[test]
fn the_answer_to_an_accepted_handshake_is_three_bytes() {
    assert_eq!(handshake::ACCEPTED, b"\x7b\x7d\x1e");
}
