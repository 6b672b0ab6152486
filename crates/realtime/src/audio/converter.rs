//! The stream that turns audio of one format into another.

use super::pcm::{SampleReader, write};
use super::{AudioFormat, Encoding, Resampler};
use crate::Error;

/// Converts a stream of audio, chunk by chunk, from one [`AudioFormat`] to another.
///
/// Between equal formats bytes pass unchanged, only never half a sample.
#[derive(Debug)]
pub struct Converter {
    from: AudioFormat,
    to: AudioFormat,
    reader: SampleReader,
    resampler: Option<Resampler>,
}

impl Converter {
    /// Makes a converter.
    ///
    /// # Errors
    ///
    /// [`Error::SampleRate`]: there is no filter between these rates; between those of [`AudioFormat`] there always is.
    pub fn new(from: AudioFormat, to: AudioFormat) -> Result<Self, Error> {
        let resampler = match (from.rate_hz(), to.rate_hz()) {
            (from_hz, to_hz) if from_hz == to_hz => None,
            (from_hz, to_hz) => Some(Resampler::new(from_hz, to_hz)?),
        };
        Ok(Self { from, to, reader: SampleReader::default(), resampler })
    }

    /// What comes in.
    pub fn from(&self) -> AudioFormat {
        self.from
    }

    /// What goes out.
    pub fn to(&self) -> AudioFormat {
        self.to
    }

    /// Takes a chunk of any size and returns what is ready, which may be nothing.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.from == self.to && self.from.encoding() != Encoding::Pcm16 {
            return bytes.to_vec();
        }
        let samples = self.reader.read(self.from.encoding(), bytes);
        match &mut self.resampler {
            Some(resampler) => write(self.to, &resampler.push(&samples)),
            None => write(self.to, &samples),
        }
    }

    /// Returns what the filter still holds, at the end of an utterance, and starts anew.
    pub fn finish(&mut self) -> Vec<u8> {
        self.reader.reset();
        self.resampler.as_mut().map(|resampler| write(self.to, &resampler.finish())).unwrap_or_default()
    }

    /// Forgets what the filter still holds, when an utterance is cut off.
    pub fn reset(&mut self) {
        self.reader.reset();
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
        }
    }
}
