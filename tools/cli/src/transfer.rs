//! Transfers over a channel: progress, speed and checksum.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::{
    failure::Failure,
    output::{Output, Record},
    paint::Paint,
    parse::hex,
};

/// Size and speed of a transfer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    pub(crate) kilobits_per_second: f64,
    pub(crate) sha256: String,
}

impl Record for Summary {
    fn human(&self, paint: Paint) -> String {
        let speed = format!("{:.0} kbit/s", self.kilobits_per_second);
        format!(
            " {} bytes in {:.2} s, {}\n sha256 {}",
            self.bytes,
            self.seconds,
            paint.bold(&speed),
            self.sha256
        )
    }
}

/// Follows a transfer from its first byte to its last.
pub(crate) struct Transfer {
    bar: ProgressBar,
    digest: Sha256,
    bytes: u64,
    started: Option<Instant>,
}

impl Transfer {
    /// Starts a transfer of `total` bytes, if known. Shows the bar only on a terminal.
    pub(crate) fn new(out: Output, total: Option<u64>) -> Self {
        let target = if out.shows_progress() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let form = match total {
            Some(_) => " {bar:32} {percent:>3} %  {bytes}/{total_bytes}  {bytes_per_sec}  {eta}",
            None => " {spinner} {bytes}  {bytes_per_sec}",
        };
        let style =
            ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(total, target).with_style(style);
        Self { bar, digest: Sha256::new(), bytes: 0, started: None }
    }

    /// Starts the clock.
    pub(crate) fn start(&mut self) {
        self.started = Some(Instant::now());
    }

    /// Adds transferred bytes.
    pub(crate) fn moved(&mut self, octets: &[u8]) {
        self.started.get_or_insert_with(Instant::now);
        self.digest.update(octets);
        let count = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(count);
        self.bar.set_position(self.bytes);
    }

    /// Returns the number of bytes so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds to the failure of a sender how much was sent.
    pub(crate) fn unsent(&self, failure: Failure) -> Failure {
        failure.advise_also(&format!(
            "At most the first {} bytes have arrived. A transfer cannot be continued: send all of it again.",
            self.bytes
        ))
    }

    /// Ends the transfer.
    pub(crate) fn finish(self) -> Summary {
        self.bar.finish_and_clear();
        let seconds = self.started.map_or(0.0, |s| s.elapsed().as_secs_f64());
        Summary {
            bytes: self.bytes,
            seconds,
            kilobits_per_second: goodput(self.bytes, seconds),
            sha256: hex(&self.digest.finalize()),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn goodput(bytes: u64, seconds: f64) -> f64 {
    let kilobits = bytes as f64 * 8.0 / 1000.0;
    let rate = kilobits / seconds.max(1e-6);
    (rate * 10.0).round() / 10.0
}

/// A pattern of bytes without structure, the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(u64);

impl Pattern {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Fills a buffer with the next bytes. (SplitMix64.)
    pub(crate) fn fill(&mut self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            for (octet, value) in chunk.iter_mut().zip((z ^ z >> 31).to_le_bytes()) {
                *octet = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_adds_up() {
        let mut transfer = Transfer::new(Output::new(true), Some(3));
        transfer.moved(b"a");
        transfer.moved(b"bc");
        let summary = transfer.finish();
        assert_eq!(summary.bytes, 3);
        assert_eq!(
            summary.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn goodput_is_kilobits_in_a_second() {
        assert_eq!(goodput(1_000_000, 8.0), 1000.0);
        assert!(goodput(1, 0.0).is_finite());
    }

    #[test]
    fn a_pattern_repeats_by_its_seed() {
        let (mut a, mut b) = ([0; 19], [0; 19]);
        Pattern::new(7).fill(&mut a);
        Pattern::new(7).fill(&mut b);
        assert_eq!(a, b);
        Pattern::new(8).fill(&mut b);
        assert_ne!(a, b);
    }
}
