//! How audio is written as bytes, and how long so many bytes last.

use audio_codec_algorithms::{encode_alaw, encode_ulaw};
use std::fmt;

/// Ticks in which durations are counted: each sample of 8, 16, 24 and 48 kHz is a whole number of them.
pub const TICKS_PER_SECOND: u64 = 48_000;
/// Ticks in a millisecond.
pub const TICKS_PER_MILLISECOND: u64 = TICKS_PER_SECOND / 1_000;

/// How one sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Signed 16-bit little-endian PCM, two bytes a sample.
    Pcm16,
    /// G.711 µ-law, one byte a sample.
    Ulaw,
    /// G.711 A-law, one byte a sample.
    Alaw,
}

/// A format of mono audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudioFormat {
    encoding: Encoding,
    rate_hz: u32,
}

impl AudioFormat {
    /// PCM16 at 24 kHz: what OpenAI's protocol speaks unless told otherwise.
    pub const PCM16_24KHZ: Self = Self { encoding: Encoding::Pcm16, rate_hz: 24_000 };
    /// PCM16 at 16 kHz: what most speech recognition hears.
    pub const PCM16_16KHZ: Self = Self { encoding: Encoding::Pcm16, rate_hz: 16_000 };
    /// µ-law at 8 kHz: telephones in America and Japan.
    pub const ULAW: Self = Self { encoding: Encoding::Ulaw, rate_hz: 8_000 };
    /// A-law at 8 kHz: telephones elsewhere.
    pub const ALAW: Self = Self { encoding: Encoding::Alaw, rate_hz: 8_000 };

    /// PCM16 at one of the rates that speech is carried in (8,000, 16,000, 22,050, 24,000, 44,100 or 48,000 Hz), else
    /// nothing.
    pub fn pcm16(rate_hz: u32) -> Option<Self> {
        let is_known = matches!(rate_hz, 8_000 | 16_000 | 22_050 | 24_000 | 44_100 | 48_000);
        is_known.then_some(Self { encoding: Encoding::Pcm16, rate_hz })
    }

    /// How a sample is written.
    pub fn encoding(self) -> Encoding {
        self.encoding
    }

    /// Samples in a second.
    pub fn rate_hz(self) -> u32 {
        self.rate_hz
    }

    /// Bytes of one sample.
    pub fn bytes_per_sample(self) -> usize {
        match self.encoding {
            Encoding::Pcm16 => 2,
            Encoding::Ulaw | Encoding::Alaw => 1,
        }
    }

    /// How many [ticks](TICKS_PER_SECOND) that many samples last, rounded down where a tick is no whole sample (22,050
    /// and 44,100 Hz).
    pub fn ticks_of_samples(self, samples: u64) -> u64 {
        samples.saturating_mul(TICKS_PER_SECOND) / u64::from(self.rate_hz)
    }

    /// How many [ticks](TICKS_PER_SECOND) the whole samples in so many bytes last.
    pub fn ticks(self, bytes: usize) -> u64 {
        self.ticks_of_samples((bytes / self.bytes_per_sample()) as u64)
    }

    /// That many milliseconds of silence.
    pub fn silence(self, millis: u32) -> Vec<u8> {
        let samples = u64::from(self.rate_hz) * u64::from(millis) / 1_000;
        let bytes = usize::try_from(samples).unwrap_or(0) * self.bytes_per_sample();
        let zero = match self.encoding {
            Encoding::Pcm16 => 0,
            Encoding::Ulaw => encode_ulaw(0),
            Encoding::Alaw => encode_alaw(0),
        };
        vec![zero; bytes]
    }
}

/// Writes `pcm16@24000`, `ulaw@8000`, `alaw@8000`.
impl fmt::Display for AudioFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoding = match self.encoding {
            Encoding::Pcm16 => "pcm16",
            Encoding::Ulaw => "ulaw",
            Encoding::Alaw => "alaw",
        };
        write!(formatter, "{encoding}@{}", self.rate_hz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lasts_a_second_in_every_format() {
        for format in [AudioFormat::PCM16_24KHZ, AudioFormat::PCM16_16KHZ, AudioFormat::ULAW, AudioFormat::ALAW] {
            let bytes = format.silence(1_000);
            assert_eq!(format.ticks(bytes.len()), TICKS_PER_SECOND, "{format}");
        }
        assert_eq!(AudioFormat::pcm16(44_100).map(|format| format.ticks(88_200)), Some(TICKS_PER_SECOND));
        assert_eq!(AudioFormat::pcm16(11_025), None);
    }
}
