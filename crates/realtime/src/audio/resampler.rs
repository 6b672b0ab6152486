//! A change of sample rate: a windowed-sinc polyphase filter, by the crate `rubato`.

use crate::Error;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction};

/// Length of the filter in samples of the lower rate: its transition band is then about a tenth of the lower rate's
/// bandwidth, and it delays by half of it, 6 ms at 8 kHz.
const FILTER_SAMPLES: u32 = 96;
/// A block is that part of a second: what is not a whole block waits for the next chunk, 5 ms at the most.
const BLOCKS_PER_SECOND: u32 = 200;

/// Turns a stream of samples at one rate into a stream at another.
///
/// The delay of the filter is taken off the start, so that what goes out is where it was, within one sample of the output. `rubato` always sees blocks of
/// one size, whatever the caller's chunks are: the output does not depend on how the input was cut.
pub struct Resampler {
    filter: Async<f32>,
    from_hz: u32,
    to_hz: u32,
    /// Samples that make no whole block yet.
    pending: Vec<f32>,
    /// Output still to be dropped: the filter's delay.
    skip: usize,
    block: Vec<f32>,
    consumed_samples: u64,
    produced_samples: u64,
}

impl Resampler {
    /// Makes a resampler between two rates in Hz.
    ///
    /// # Errors
    ///
    /// The rates are none that a filter can be made for: 0, or too far apart.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, Error> {
        let divisor = greatest_common_divisor(from_hz, to_hz);
        if divisor == 0 || from_hz < BLOCKS_PER_SECOND || from_hz / to_hz > 16 || to_hz / from_hz > 16 {
            return Err(Error::SampleRate { from_hz, to_hz });
        }
        // Every output sample falls on one of so many phases, so that nothing must be interpolated between them.
        let phases = to_hz / divisor;
        let filter_samples = (FILTER_SAMPLES * from_hz.max(to_hz) / to_hz).next_multiple_of(8);
        let parameters = SincInterpolationParameters::new(filter_samples as usize, WindowFunction::BlackmanHarris)
            .oversampling_factor(phases as usize)
            .interpolation(SincInterpolationType::Nearest);
        let block_samples = (from_hz / BLOCKS_PER_SECOND) as usize;
        let ratio = f64::from(to_hz) / f64::from(from_hz);
        let filter = Async::new_sinc(ratio, 1.0, &parameters, block_samples, 1, FixedAsync::Input)
            .map_err(|_| Error::SampleRate { from_hz, to_hz })?;
        let block = vec![0.0; filter.output_frames_max()];
        let skip = delay_samples(&filter);
        let (consumed_samples, produced_samples) = (0, 0);
        Ok(Self { filter, from_hz, to_hz, pending: Vec::new(), skip, block, consumed_samples, produced_samples })
    }

    /// Takes samples, and returns those that are ready.
    pub fn push(&mut self, samples: &[i16]) -> Vec<i16> {
        self.consumed_samples += samples.len() as u64;
        self.pending.extend(samples.iter().map(|&sample| f32::from(sample)));
        let mut ready = Vec::new();
        self.run(&mut ready);
        ready
    }

    /// Returns what is still inside, so that as much time went out as came in, and starts anew.
    pub fn finish(&mut self) -> Vec<i16> {
        let due = (self.consumed_samples * u64::from(self.to_hz)).div_ceil(u64::from(self.from_hz));
        let missing = usize::try_from(due.saturating_sub(self.produced_samples)).unwrap_or(0);
        let mut ready = Vec::with_capacity(missing);
        let block_samples = self.filter.input_frames_next();
        while ready.len() < missing {
            let length_before = ready.len();
            self.pending.resize(self.pending.len().max(1).next_multiple_of(block_samples), 0.0);
            let was_skipping = self.skip > 0;
            self.run(&mut ready);
            if ready.len() == length_before && !was_skipping {
                break;
            }
        }
        ready.truncate(missing);
        self.reset();
        ready
    }

    /// Forgets everything that came in.
    pub fn reset(&mut self) {
        self.filter.reset();
        self.pending.clear();
        self.skip = delay_samples(&self.filter);
        self.consumed_samples = 0;
        self.produced_samples = 0;
    }

    fn run(&mut self, ready: &mut Vec<i16>) {
        let mut used = 0;
        loop {
            let needed = self.filter.input_frames_next();
            let Some(input) = self.pending.get(used..used + needed) else { break };
            let capacity = self.block.len();
            // Neither can fail: one channel, and both slices as long as the filter asks for.
            let Ok(input) = SequentialSlice::new(input, 1, needed) else { break };
            let Ok(mut output) = SequentialSlice::new_mut(&mut self.block, 1, capacity) else { break };
            let Ok((_, produced)) = self.filter.process_into_buffer(&input, &mut output, None) else { break };
            used += needed;
            let skipped = self.skip.min(produced);
            self.skip -= skipped;
            let fresh = self.block.get(skipped..produced).unwrap_or_default();
            self.produced_samples += fresh.len() as u64;
            ready.extend(fresh.iter().map(|&sample| to_sample(sample)));
        }
        self.pending.drain(..used);
    }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Resampler")
            .field("from_hz", &self.from_hz)
            .field("to_hz", &self.to_hz)
            .finish_non_exhaustive()
    }
}

/// The filter counts the first sample that it gives as late already, so one less is skipped: the rest is a fraction.
fn delay_samples(filter: &Async<f32>) -> usize {
    filter.output_delay().saturating_sub(1)
}

fn to_sample(value: f32) -> i16 {
    #[allow(clippy::cast_possible_truncation, reason = "a cast from float saturates, which is what clipping is")]
    let sample = value.round() as i16;
    sample
}

fn greatest_common_divisor(first: u32, second: u32) -> u32 {
    if second == 0 { first } else { greatest_common_divisor(second, first % second) }
}
