//! Mono speech audio: formats, G.711, sample rates, and the stream that turns one format into another.
//!
//! Everything works on chunks of any size, an odd number of bytes included, and what comes out does not depend on how the
//! input was cut.

mod converter;
mod format;
mod pcm;
mod resampler;

pub use converter::Converter;
pub use format::{AudioFormat, Encoding, TICKS_PER_MILLISECOND, TICKS_PER_SECOND};
pub use resampler::Resampler;
