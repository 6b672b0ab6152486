//! Audio between any two formats, cut anywhere: the output is that of the whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use realtime::audio::{AudioFormat, Converter};

fn format(choice: u8) -> AudioFormat {
    let rates = [8_000, 16_000, 22_050, 24_000, 44_100, 48_000];
    match choice % 8 {
        6 => AudioFormat::ULAW,
        7 => AudioFormat::ALAW,
        rate => AudioFormat::pcm16(rates[usize::from(rate)]).expect("a rate"),
    }
}

fuzz_target!(|data: &[u8]| {
    let [from, to, chunks @ ..] = data else { return };
    let (from, to) = (format(*from), format(*to));
    let mut cut = Converter::new(from, to).expect("a converter");
    let mut whole = Converter::new(from, to).expect("a converter");
    let (mut input, mut output) = (Vec::new(), Vec::new());
    let mut rest = chunks;
    while let Some((&length, after)) = rest.split_first() {
        let (chunk, after) = after.split_at(usize::from(length).min(after.len()));
        output.extend(cut.push(chunk));
        input.extend_from_slice(chunk);
        rest = after;
    }
    output.extend(cut.finish());
    let mut expected = whole.push(&input);
    expected.extend(whole.finish());
    assert_eq!(output, expected);
});
