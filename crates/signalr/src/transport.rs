//! The three transports, and whether their frames carry text or bytes.

/// What a transport's frames can carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TransferFormat {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

impl TransferFormat {
    /// Returns the name used in negotiate answers and error texts: `Text` or `Binary`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Binary => "Binary",
        }
    }
}

/// A way for a client to reach the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Transport {
    /// One WebSocket, both ways.
    WebSockets,
    /// Server-sent events one way, POST the other.
    ServerSentEvents,
    /// A GET that waits for data one way, POST the other.
    LongPolling,
}

impl Transport {
    /// Every transport, in the order a negotiate answer lists them.
    pub const ALL: [Self; 3] = [Self::WebSockets, Self::ServerSentEvents, Self::LongPolling];

    /// Returns the name used in negotiate answers and error texts, such as `WebSockets`.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSockets => "WebSockets",
            Self::ServerSentEvents => "ServerSentEvents",
            Self::LongPolling => "LongPolling",
        }
    }

    /// Returns the formats its frames can carry, in the order a negotiate answer lists them.
    pub fn transfer_formats(self) -> &'static [TransferFormat] {
        match self {
            Self::WebSockets | Self::LongPolling => &[TransferFormat::Text, TransferFormat::Binary],
            Self::ServerSentEvents => &[TransferFormat::Text],
        }
    }

    /// Tells whether its frames can carry `format`.
    pub fn supports(self, format: TransferFormat) -> bool {
        self.transfer_formats().contains(&format)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::WebSockets => 1,
            Self::ServerSentEvents => 2,
            Self::LongPolling => 4,
        }
    }
}

/// The transports an endpoint offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct TransportSet(u8);

impl TransportSet {
    /// All three transports.
    pub const ALL: Self = Self(7);
    /// No transport at all: an endpoint that negotiates and then refuses.
    pub const NONE: Self = Self(0);

    /// Returns the set with `transport` in it.
    #[must_use]
    pub const fn with(self, transport: Transport) -> Self {
        Self(self.0 | transport.bit())
    }

    /// Returns the set without `transport`.
    #[must_use]
    pub const fn without(self, transport: Transport) -> Self {
        Self(self.0 & !transport.bit())
    }

    /// Tells whether `transport` is in the set.
    pub const fn contains(self, transport: Transport) -> bool {
        self.0 & transport.bit() != 0
    }

    /// Lists the transports of the set in the order a negotiate answer lists them.
    pub fn iter(self) -> impl Iterator<Item = Transport> {
        Transport::ALL.into_iter().filter(move |transport| self.contains(*transport))
    }
}

impl FromIterator<Transport> for TransportSet {
    fn from_iter<I: IntoIterator<Item = Transport>>(transports: I) -> Self {
        transports.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_server_sent_events_cannot_carry_bytes() {
        assert!(Transport::WebSockets.supports(TransferFormat::Binary));
        assert!(Transport::LongPolling.supports(TransferFormat::Binary));
        assert!(!Transport::ServerSentEvents.supports(TransferFormat::Binary));
        assert!(Transport::ALL.iter().all(|transport| transport.supports(TransferFormat::Text)));
    }

    #[test]
    fn a_set_lists_its_transports_in_the_order_of_the_negotiate_answer() {
        let set: TransportSet = [Transport::LongPolling, Transport::WebSockets].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Transport::WebSockets, Transport::LongPolling]);
        assert_eq!(set, TransportSet::ALL.without(Transport::ServerSentEvents));
        assert_eq!(TransportSet::NONE.iter().count(), 0);
    }
}
