//! Samples from bytes and bytes from samples, whatever the bytes were cut into.

use super::{AudioFormat, Encoding};
use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

/// Reads samples from a stream of bytes: a sample may begin in one chunk and end in the next.
#[derive(Debug, Clone, Default)]
pub(super) struct SampleReader {
    first_half: Option<u8>,
}

impl SampleReader {
    pub(super) fn read(&mut self, encoding: Encoding, bytes: &[u8]) -> Vec<i16> {
        match encoding {
            Encoding::Ulaw => bytes.iter().map(|&code| decode_ulaw(code)).collect(),
            Encoding::Alaw => bytes.iter().map(|&code| decode_alaw(code)).collect(),
            Encoding::Pcm16 => self.read_pcm16(bytes),
        }
    }

    fn read_pcm16(&mut self, bytes: &[u8]) -> Vec<i16> {
        let mut samples = Vec::with_capacity(bytes.len() / 2 + 1);
        let mut bytes = bytes;
        if let (Some(low), Some((&high, rest))) = (self.first_half, bytes.split_first()) {
            samples.push(i16::from_le_bytes([low, high]));
            self.first_half = None;
            bytes = rest;
        }
        let (pairs, rest) = bytes.as_chunks::<2>();
        samples.extend(pairs.iter().map(|&pair| i16::from_le_bytes(pair)));
        self.first_half = rest.first().copied().or(self.first_half);
        samples
    }

    pub(super) fn reset(&mut self) {
        self.first_half = None;
    }
}

/// Writes samples as bytes.
pub(super) fn write(format: AudioFormat, samples: &[i16]) -> Vec<u8> {
    match format.encoding() {
        Encoding::Pcm16 => samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        Encoding::Ulaw => samples.iter().map(|&sample| encode_ulaw(sample)).collect(),
        Encoding::Alaw => samples.iter().map(|&sample| encode_alaw(sample)).collect(),
    }
}
