//! Whether a client reads what it is sent: bytes sent since it last showed that it does, and who waits for a sign.

use futures::channel::oneshot;

/// What is known of a client's reading.
#[derive(Default)]
pub(crate) struct Reading {
    /// Bytes sent since the last sign.
    unread_bytes: usize,
    probe: Option<Probe>,
    waiting: Vec<oneshot::Sender<()>>,
}

/// A question that the client answers once it has read it.
struct Probe {
    id: String,
    /// Bytes sent after it, which its answer says nothing of.
    sent_after: usize,
}

impl Reading {
    pub(crate) fn restore(unread_bytes: usize) -> Self {
        Self { unread_bytes, ..Self::default() }
    }

    pub(crate) fn unread_bytes(&self) -> usize {
        self.unread_bytes
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.unread_bytes += bytes;
        if let Some(probe) = &mut self.probe {
            probe.sent_after += bytes;
        }
    }

    pub(crate) fn is_probed(&self) -> bool {
        self.probe.is_some()
    }

    pub(crate) fn probe(&mut self, id: String) {
        self.probe = Some(Probe { id, sent_after: 0 });
    }

    /// Whether that answer is the one waited for: the client has read all that was sent before the question.
    pub(crate) fn answered(&mut self, id: &str) -> bool {
        if self.probe.as_ref().is_none_or(|probe| probe.id != id) {
            return false;
        }
        self.unread_bytes = self.probe.take().map_or(0, |probe| probe.sent_after);
        self.tell();
        true
    }

    /// Takes somebody's word that so many bytes were read.
    pub(crate) fn confirmed(&mut self, bytes: usize) {
        self.unread_bytes = self.unread_bytes.saturating_sub(bytes);
        self.tell();
    }

    /// Settles at the next sign.
    pub(crate) fn sign(&mut self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.retain(|waiting| !waiting.is_canceled());
        self.waiting.push(sender);
        receiver
    }

    /// Tells those who wait to look again.
    pub(crate) fn tell(&mut self) {
        for waiting in self.waiting.drain(..) {
            let _gone = waiting.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_of_what_was_sent_before_its_question() {
        let mut reading = Reading::default();
        reading.sent(100);
        reading.probe("p1".to_owned());
        reading.sent(30);
        assert!(!reading.answered("p0"));
        assert_eq!(reading.unread_bytes(), 130);
        assert!(reading.answered("p1"));
        assert_eq!((reading.unread_bytes(), reading.is_probed()), (30, false));
    }

    #[test]
    fn who_waits_is_told_of_the_next_sign() {
        let mut reading = Reading::default();
        let mut sign = reading.sign();
        assert_eq!(sign.try_recv(), Ok(None));
        reading.confirmed(10);
        assert_eq!(sign.try_recv(), Ok(Some(())));
    }
}
