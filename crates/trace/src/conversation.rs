//! The conversation of a failing test.

use std::{collections::BTreeMap, fmt::Write as _};

use bindrune_hci::h4::Direction;

use crate::{Decoder, Entry, words};

/// One packet of a test.
#[derive(Clone, Debug)]
pub struct Line {
    /// Number of the device.
    pub device: usize,
    /// Microseconds.
    pub time: u64,
    /// Direction of the packet.
    pub direction: Direction,
    /// The packet, with its H4 indicator.
    pub octets: Vec<u8>,
}

/// Decodes the packets of one or more devices, and returns the last entries as text: one line each with the violations
/// below, and at the end the requests without an answer.
#[must_use]
pub fn conversation(packets: impl Iterator<Item = Line>, last: usize) -> String {
    let (mut decoders, mut lines) = (BTreeMap::<usize, Decoder>::new(), Vec::new());
    for Line { device, time, direction, octets } in packets {
        let decoder = decoders.entry(device).or_default();
        lines.push(text(device, &decoder.packet(Some(time), direction, &octets)));
    }
    let skipped = lines.len().saturating_sub(last);
    let mut all = String::new();
    if skipped > 0 {
        let _ = writeln!(all, "({} before)", words::plural(skipped, "packet"));
    }
    all.extend(lines.drain(skipped..));
    for (device, decoder) in decoders {
        all.extend(decoder.finish().iter().map(|entry| text(device, entry)));
    }
    all
}

fn text(device: usize, entry: &Entry) -> String {
    let time = entry.time.unwrap_or_default();
    let mut text = format!("{:>6}.{:06} #{device} {entry}\n", time / 1_000_000, time % 1_000_000);
    for violation in &entry.violations {
        let _ = writeln!(text, "{:>13} ! {violation}", "");
    }
    text
}
