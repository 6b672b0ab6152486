//! Audio conversion against a reference: sums of tones, whose value between two samples is known exactly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::needless_range_loop,
    reason = "samples and times of a tenth of a second"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use realtime::audio::{AudioFormat, Converter, Resampler};
use std::f64::consts::PI;

/// Every rate that a client or a provider may have, in Hz.
const RATES_HZ: [u32; 6] = [8_000, 16_000, 22_050, 24_000, 44_100, 48_000];
/// The error that is promised, relative to the signal: a ten-thousandth of its amplitude is -80 dB.
const MAX_ERROR_DECIBELS: f64 = -80.0;
/// Partials up to this part of the lower rate must pass unharmed; above it the filter begins to close.
const PASSBAND: f64 = 0.4;
/// Cut off at both ends before comparing: there the filter sees that the signal begins and ends.
const EDGE_SECONDS: f64 = 0.02;

/// The reference: what the tones are at any time, in 64-bit floats.
fn tone_at(seconds: f64, partials_hz: &[f64]) -> f64 {
    let sum: f64 = partials_hz.iter().enumerate().map(|(n, hz)| (2.0 * PI * hz * seconds + n as f64).sin()).sum();
    sum * 24_000.0 / partials_hz.len() as f64
}

fn tones(rate_hz: u32, seconds: f64, partials_hz: &[f64]) -> Vec<i16> {
    let rate = f64::from(rate_hz);
    (0..(rate * seconds) as usize).map(|index| tone_at(index as f64 / rate, partials_hz).round() as i16).collect()
}

/// Error of the samples against the reference that many samples later, in decibels of the signal.
fn error_decibels(samples: &[i16], rate_hz: u32, partials_hz: &[f64], offset_samples: f64) -> f64 {
    let edge = (EDGE_SECONDS * f64::from(rate_hz)) as usize;
    let (mut error, mut signal) = (0.0, 0.0);
    for index in edge..samples.len() - edge {
        let expected = tone_at((index as f64 + offset_samples) / f64::from(rate_hz), partials_hz);
        error += (f64::from(samples[index]) - expected).powi(2);
        signal += expected.powi(2);
    }
    decibels(error, signal)
}

fn decibels(error: f64, signal: f64) -> f64 {
    10.0 * (error / signal).log10()
}

fn convert(from_hz: u32, to_hz: u32, samples: &[i16]) -> Vec<i16> {
    let mut resampler = Resampler::new(from_hz, to_hz).expect("a filter");
    let mut output = resampler.push(samples);
    output.extend(resampler.finish());
    output
}

#[test]
fn each_pair_of_rates_agrees_with_the_reference_within_80_decibels() {
    for from_hz in RATES_HZ {
        for to_hz in RATES_HZ.into_iter().filter(|&to_hz| to_hz != from_hz) {
            let lower = f64::from(from_hz.min(to_hz));
            let partials_hz = [200.0, 997.0, 0.25 * lower, PASSBAND * lower];
            let input = tones(from_hz, 0.1, &partials_hz);
            let output = convert(from_hz, to_hz, &input);
            let expected_length = (input.len() as u64 * u64::from(to_hz)).div_ceil(u64::from(from_hz));
            assert_eq!(output.len() as u64, expected_length, "{from_hz} → {to_hz}");

            // Where the output's first sample lies, within one sample: the best of a search that halves its step.
            let error = |offset| error_decibels(&output, to_hz, &partials_hz, offset);
            let (mut offset, mut step) = (0.0, 1.0);
            while step > 1e-4 {
                step /= 2.0;
                offset = [offset - step, offset, offset + step]
                    .into_iter()
                    .min_by(|first, second| error(*first).total_cmp(&error(*second)))
                    .expect("three of them");
            }
            assert!((-1.001..=1.001).contains(&offset), "{from_hz} → {to_hz}: off by {offset} samples");
            assert!(error(offset) <= MAX_ERROR_DECIBELS, "{from_hz} → {to_hz}: {:.1} dB", error(offset));
        }
    }
}

/// What linear interpolation would fold down into the audible band.
#[test]
fn what_the_lower_rate_cannot_carry_does_not_come_back_as_another_tone() {
    for (from_hz, to_hz) in [(24_000, 16_000), (48_000, 16_000), (48_000, 24_000), (24_000, 8_000), (48_000, 8_000)] {
        let input = tones(from_hz, 0.2, &[f64::from(to_hz) * 0.6, f64::from(to_hz) * 0.72]);
        let output = convert(from_hz, to_hz, &input);
        let edge = (EDGE_SECONDS * f64::from(to_hz)) as usize;
        let power = |samples: &[i16]| {
            samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len() as f64
        };
        let level = decibels(power(&output[edge..output.len() - edge]), power(&input));
        assert!(level <= MAX_ERROR_DECIBELS, "{from_hz} → {to_hz}: {level:.1} dB");
    }
}

#[test]
fn the_loudest_audio_is_clipped_and_does_not_wrap_around() {
    let square: Vec<i16> = (0..4_800).map(|index| if index / 24 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
    let output = convert(24_000, 48_000, &square);
    // In the middle of each half of the square the sign is the square's.
    assert!(
        (480..9_000).filter(|index| index % 48 == 24).all(|index| { (output[index] > 0) == (square[index / 2] > 0) })
    );
}

#[test]
fn telephone_audio_reaches_a_24_khz_provider_and_comes_back() {
    let partials_hz = [300.0, 1_000.0, 2_500.0];
    let spoken = tones(8_000, 0.3, &partials_hz);
    let pcm: Vec<u8> = spoken.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    for law in [AudioFormat::ULAW, AudioFormat::ALAW] {
        let through = |from, to, bytes: &[u8]| {
            let mut converter = Converter::new(from, to).expect("a converter");
            let mut output = converter.push(bytes);
            output.extend(converter.finish());
            output
        };
        let narrow = AudioFormat::pcm16(8_000).expect("a format");
        let phone = through(narrow, law, &pcm);
        assert_eq!(phone.len(), spoken.len());
        let provider = through(law, AudioFormat::PCM16_24KHZ, &phone);
        assert_eq!(provider.len(), spoken.len() * 3 * 2);
        let back = through(AudioFormat::PCM16_24KHZ, law, &provider);
        let heard = through(law, narrow, &back);
        let heard: Vec<i16> = heard.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        // Eight bits twice: G.711 itself is good for some 37 dB. Each way may be a part of a sample late.
        let best = (-200..=200).map(|n| error_decibels(&heard, 8_000, &partials_hz, f64::from(n) / 100.0));
        let best = best.min_by(f64::total_cmp).expect("some");
        assert!(best < -32.0, "{law}: {best:.1} dB");
    }
}

fn formats() -> impl Strategy<Value = AudioFormat> {
    prop_oneof![
        proptest::sample::select(&RATES_HZ[..]).prop_map(|rate| AudioFormat::pcm16(rate).expect("a format")),
        Just(AudioFormat::ULAW),
        Just(AudioFormat::ALAW),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn how_audio_is_cut_does_not_change_it(
        from in formats(),
        to in formats(),
        bytes in vec(any::<u8>(), 0..3_000),
        cuts in vec(0..400_usize, 0..12),
    ) {
        let mut whole = Converter::new(from, to).expect("a converter");
        let mut expected = whole.push(&bytes);
        expected.extend(whole.finish());

        let mut converter = Converter::new(from, to).expect("a converter");
        let mut output = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts {
            let (chunk, after) = rest.split_at(cut.min(rest.len()));
            output.extend(converter.push(chunk));
            rest = after;
        }
        output.extend(converter.push(rest));
        output.extend(converter.finish());
        prop_assert_eq!(output, expected);
    }

    #[test]
    fn a_converter_that_finished_or_was_reset_is_as_good_as_new(
        from in formats(),
        to in formats(),
        before in vec(any::<u8>(), 0..1_000),
        bytes in vec(any::<u8>(), 0..1_000),
        cut_off in any::<bool>(),
    ) {
        let mut used = Converter::new(from, to).expect("a converter");
        used.push(&before);
        if cut_off { used.reset() } else { used.finish(); }
        let mut fresh = Converter::new(from, to).expect("a converter");
        prop_assert_eq!(used.push(&bytes), fresh.push(&bytes));
        prop_assert_eq!(used.finish(), fresh.finish());
    }
}
