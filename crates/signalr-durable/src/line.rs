//! What a connection is reached by just now: its transport's open end, if there is one.

use std::collections::VecDeque;

use crate::socket::Socket;

/// The open end of a connection's transport.
pub(crate) enum Line {
    /// The client's own WebSocket.
    Socket(Socket),
    /// The WebSocket of a Worker that writes Server-Sent Events.
    Events(Bridge),
    /// The WebSocket of a Worker that holds a poll open.
    Poll(Poll),
    /// Nothing: a long-polling client between two polls, or a stateful one that has lost its socket.
    Lost,
}

/// Frames for a Worker, which confirms how many of them it has passed on.
pub(crate) struct Bridge {
    pub(crate) socket: Socket,
    /// Sizes of the frames that were not confirmed, oldest first.
    unconfirmed: VecDeque<usize>,
    confirmed: u64,
}

/// A poll, which ends with the one frame it is given.
pub(crate) struct Poll {
    pub(crate) socket: Socket,
    /// The number of the last record in the frame that was sent.
    pub(crate) carries: Option<i64>,
}

impl Bridge {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, unconfirmed: VecDeque::new(), confirmed: 0 }
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.unconfirmed.push_back(bytes);
    }

    /// Takes the Worker's word that it has passed on so many frames since it connected, and returns how many bytes
    /// those had that it confirms now.
    pub(crate) fn confirm(&mut self, frames: u64) -> usize {
        let mut bytes = 0;
        while self.confirmed < frames {
            let Some(size) = self.unconfirmed.pop_front() else { break };
            bytes += size;
            self.confirmed += 1;
        }
        bytes
    }
}

impl Line {
    pub(crate) fn socket(&self) -> Option<&Socket> {
        match self {
            Self::Socket(socket) => Some(socket),
            Self::Events(bridge) => Some(&bridge.socket),
            Self::Poll(poll) => Some(&poll.socket),
            Self::Lost => None,
        }
    }

    /// Whether that socket is this line.
    pub(crate) fn is(&self, socket: &Socket) -> bool {
        self.socket().is_some_and(|own| own.is(socket))
    }
}
