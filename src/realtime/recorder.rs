//! Records both sides of a session, as a listener would have heard them: the user on the left, the model on the right.
//!
//! What the model says comes faster than it is played, so it is laid out in time, and what is cut off before it was played
//! is taken out again. Every twenty seconds become a segment of their own, which is all that is ever held in memory beside
//! what is not played yet.

use durable_objects::{Recordings, log};
use futures::future::LocalBoxFuture;
use realtime::{
    audio::{AudioFormat, Converter},
    session::Recorded,
};
use serde_json::json;
use std::{cell::Cell, rc::Rc};

/// What segments are made of: 16-bit samples, little-endian, left and right in turns.
pub(super) const FORMAT: AudioFormat = AudioFormat::PCM16_24KHZ;
/// Of one side.
pub(super) const SAMPLES_PER_MILLISECOND: u64 = 24;
/// Of one sample of one side.
const SAMPLE_BYTES: usize = 2;

/// How long a segment is.
const SEGMENT_MILLIS: u64 = 20_000;
/// How much one side may be ahead of the clock: an answer that is not played yet.
const MOST_AHEAD_MILLIS: u64 = 120_000;
/// How much later than expected audio may come without a gap being heard.
const JITTER_MILLIS: u64 = 200;
/// Segments that may be on their way at once. What R2 does not take in that time is lost.
const MOST_UNDER_WAY: u32 = 4;

/// The recorder of a session.
pub(super) struct Recorder {
    recordings: Rc<Recordings>,
    virtual_key_id: String,
    connection_id: String,
    started_at_millis: u64,
    /// Samples of each side that are in segments.
    written: u64,
    next_segment: u32,
    under_way: Rc<Cell<u32>>,
    user: Track,
    agent: Track,
}

/// One side.
#[derive(Default)]
struct Track {
    converter: Option<Converter>,
    /// What is not in a segment yet.
    bytes: Vec<u8>,
}

impl Recorder {
    pub(super) fn new(recordings: Recordings, key: String, connection_id: String, started_at_millis: u64) -> Self {
        Self {
            recordings: Rc::new(recordings),
            virtual_key_id: key,
            connection_id,
            started_at_millis,
            written: 0,
            next_segment: 0,
            under_way: Rc::default(),
            user: Track::default(),
            agent: Track::default(),
        }
    }

    /// Takes what was said.
    pub(super) fn take(&mut self, recorded: Recorded, now_millis: u64) {
        let now = self.position(now_millis);
        match recorded {
            Recorded::User(bytes, format) => self.user.add(&bytes, format, now),
            Recorded::Agent(bytes, format) => self.agent.add(&bytes, format, now),
            Recorded::AgentCutOff => self.agent.bytes.truncate(now * SAMPLE_BYTES),
        }
    }

    /// The segments that are due, each to be written; at the end the rest.
    pub(super) fn segments(&mut self, now_millis: u64, is_last: bool) -> Vec<LocalBoxFuture<'static, ()>> {
        let mut writing = Vec::new();
        let segment = samples(SEGMENT_MILLIS);
        while self.position(now_millis) >= segment {
            writing.extend(self.cut(segment));
        }
        if is_last {
            let now = self.position(now_millis);
            self.agent.bytes.truncate(now * SAMPLE_BYTES);
            let rest = now.max(self.user.bytes.len() / SAMPLE_BYTES);
            writing.extend(self.cut(rest));
        }
        writing
    }

    /// Where the clock is, in samples that are in no segment yet.
    fn position(&self, now_millis: u64) -> usize {
        let all = now_millis.saturating_sub(self.started_at_millis).saturating_mul(SAMPLES_PER_MILLISECOND);
        usize::try_from(all.saturating_sub(self.written)).unwrap_or(0)
    }

    /// Makes a segment of the next samples.
    fn cut(&mut self, samples: usize) -> Option<LocalBoxFuture<'static, ()>> {
        let bytes = mixed(&self.user.take(samples), &self.agent.take(samples), samples);
        let number = self.next_segment;
        self.written += samples as u64;
        self.next_segment += 1;
        if bytes.is_empty() {
            return None;
        }
        let line = json!({ "connectionId": self.connection_id, "segment": number });
        if self.under_way.get() >= MOST_UNDER_WAY {
            log::error("a part of a recording is lost: earlier parts are not written yet", line);
            return None;
        }
        self.under_way.set(self.under_way.get() + 1);
        let (recordings, under_way) = (self.recordings.clone(), self.under_way.clone());
        let (key, session) = (self.virtual_key_id.clone(), self.connection_id.clone());
        Some(Box::pin(async move {
            if let Err(error) = recordings.put(&key, &session, number, bytes).await {
                let line = json!({ "connectionId": session, "segment": number, "error": error.to_string() });
                log::error("a part of a recording could not be written", line);
            }
            under_way.set(under_way.get() - 1);
        }))
    }
}

impl Track {
    /// Adds what is heard from now on, or right behind what was added before.
    fn add(&mut self, bytes: &[u8], format: AudioFormat, now: usize) {
        if self.converter.as_ref().is_none_or(|converter| converter.from() != format) {
            // There is a filter between any two formats.
            self.converter = Converter::new(format, FORMAT).ok();
        }
        let audio = self.converter.as_mut().map(|converter| converter.push(bytes)).unwrap_or_default();
        let end = self.bytes.len() / SAMPLE_BYTES;
        if end + samples(JITTER_MILLIS) < now {
            self.bytes.resize(now * SAMPLE_BYTES, 0);
        }
        let room = (now + samples(MOST_AHEAD_MILLIS)) * SAMPLE_BYTES;
        let fitting = room.saturating_sub(self.bytes.len()).min(audio.len());
        self.bytes.extend(audio.into_iter().take(fitting));
    }

    fn take(&mut self, samples: usize) -> Vec<u8> {
        let rest = self.bytes.split_off((samples * SAMPLE_BYTES).min(self.bytes.len()));
        std::mem::replace(&mut self.bytes, rest)
    }
}

fn samples(millis: u64) -> usize {
    usize::try_from(millis * SAMPLES_PER_MILLISECOND).unwrap_or(0)
}

/// Left and right in turns; what a side does not have is silence.
fn mixed(left: &[u8], right: &[u8], samples: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(samples * 2 * SAMPLE_BYTES);
    let mut left = left.as_chunks::<SAMPLE_BYTES>().0.iter();
    let mut right = right.as_chunks::<SAMPLE_BYTES>().0.iter();
    for _ in 0..samples {
        bytes.extend(left.next().unwrap_or(&[0; SAMPLE_BYTES]));
        bytes.extend(right.next().unwrap_or(&[0; SAMPLE_BYTES]));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_left_and_right() {
        assert_eq!(mixed(&[1, 2, 3, 4], &[5, 6], 3), [1, 2, 5, 6, 3, 4, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn audio_is_where_it_was_heard() {
        let mut track = Track::default();
        // Twenty milliseconds late is no gap.
        track.add(&[1; 48], FORMAT, samples(20));
        assert_eq!(track.bytes.len(), 48);
        // What comes ahead of time is behind what came before.
        track.add(&[2; 48], FORMAT, samples(20));
        assert_eq!((track.bytes.len(), track.bytes.last()), (96, Some(&2)));
        // A second later there is a second of silence.
        track.add(&[3; 48], FORMAT, samples(1_000));
        assert_eq!((track.bytes.len(), track.bytes.get(96)), (48_000 + 48, Some(&0)));
        assert_eq!(track.take(samples(500)).len(), 24_000);
        assert_eq!(track.bytes.len(), 24_048);
    }

    #[test]
    fn no_side_is_further_ahead_than_may_be() {
        let mut track = Track::default();
        for _ in 0..300 {
            track.add(&vec![0; 48_000], FORMAT, 0);
        }
        assert_eq!(track.bytes.len(), 120 * 48_000);
    }
}
