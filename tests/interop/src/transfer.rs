//! Bulk data over LE channels: for each pair of MPS and SDU a volume that both ends can generate and check.

use crate::{Pattern, Stopwatch, Tally, scratch::workspace, sha256};
use anyhow::{Context, Result, ensure};
use bindrune::{ChannelConfig, Error, Receiver, Sender};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::process::Command;
use std::time::Duration;

const MPS: [u16; 3] = [23, 64, 247];
const SDU: [usize; 5] = [1, 23, 512, 1017, 20_000];
const MIB: usize = 1 << 20;
const SEED: u32 = 1;
/// Packets that our end reserves for a channel. An SDU that does not fit them is read in pieces.
const WINDOW: u16 = 40;
/// The shortest MTU of a channel. [Vol 3] Part A, 4.22
const MIN_MTU: usize = 23;

/// SDUs of one length over a channel of one MPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The longest frame, in bytes.
    pub mps: u16,
    /// Bytes of each SDU.
    pub sdu: usize,
    /// Number of SDUs.
    pub count: u32,
}

/// Returns whether this is `just interop-full`: 1 MiB for every pair, and a log.
#[must_use]
pub fn is_full() -> bool {
    std::env::var_os("BINDRUNE_INTEROP").is_some_and(|value| value == "full")
}

/// Time limit of every transfer. A million SDUs of one byte take a Bumble peer many minutes.
#[must_use]
pub fn patience() -> Duration {
    Duration::from_secs(if is_full() { 4 * 3600 } else { 300 })
}

/// Returns every pair: 1 MiB at MPS 247 and SDU 1,017; for the others 64 KiB or 500 SDUs, whichever is less.
pub fn volumes() -> impl Iterator<Item = Volume> {
    let pairs = MPS.into_iter().flat_map(|mps| SDU.map(|sdu| (mps, sdu)));
    pairs.map(|(mps, sdu)| {
        let whole = is_full() || (mps, sdu) == (247, 1017);
        let count = if whole { MIB.div_ceil(sdu) } else { (MIB >> 4).div_ceil(sdu).min(500) };
        Volume { mps, sdu, count: u32::try_from(count).unwrap_or(u32::MAX) }
    })
}

impl Volume {
    /// Returns the configuration of our end.
    #[must_use]
    pub fn config(&self) -> ChannelConfig {
        let mtu = u16::try_from(self.sdu.max(MIN_MTU)).ok();
        ChannelConfig { mtu, mps: self.mps, window: WINDOW }
    }

    /// Returns the arguments with which a Bumble peer listens on, or opens, `psm`.
    #[must_use]
    pub fn arguments(&self, psm: u16, mode: &str) -> Value {
        json!({
            "psm": psm, "mtu": self.sdu.max(MIN_MTU), "mps": self.mps, "mode": mode,
            "count": self.count, "length": self.sdu, "seed": SEED,
        })
    }

    /// Returns the arguments with which a Bumble peer opens `psm`.
    #[must_use]
    pub fn opening(&self, psm: u16) -> Value {
        json!({ "psm": psm, "mtu": self.sdu.max(MIN_MTU), "mps": self.mps })
    }

    /// Returns the arguments with which a Bumble peer waits until it has received all SDUs.
    #[must_use]
    pub fn receiving(&self, channel: &Value) -> Value {
        json!({ "channel": channel, "count": self.count, "timeout": patience().as_secs() })
    }

    /// Returns the number of bytes.
    #[must_use]
    pub fn octets(&self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX).saturating_mul(self.sdu)
    }

    /// Returns the hash of all bytes.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256(&Pattern::new(SEED).take(self.octets()))
    }

    /// Sends all SDUs, and waits until the last frame is in the controller.
    ///
    /// # Errors
    /// When the channel ends.
    pub async fn send(&self, sender: &mut Sender<'_>) -> Result<(), Error> {
        let (mut pattern, mut sdu) = (Pattern::new(SEED), vec![0; self.sdu]);
        for _ in 0..self.count {
            pattern.fill(&mut sdu);
            sender.send(&sdu).await?;
        }
        sender.flush().await
    }

    /// Receives all SDUs, whole if the window holds them, otherwise in pieces, and checks them.
    ///
    /// # Errors
    /// When the channel ends, or other bytes than the sent ones arrive.
    pub async fn receive(&self, receiver: &mut Receiver<'_>) -> Result<()> {
        let held = usize::from(self.mps).saturating_mul(WINDOW.into()).saturating_sub(2);
        let (mut tally, mut buffer) = (Tally::default(), vec![0; self.sdu]);
        while tally.count() < self.count {
            if self.sdu <= held {
                let length = receiver.recv(&mut buffer).await?;
                ensure!(length == self.sdu, "an SDU of {length} bytes");
                tally.add(buffer.get(..length).context("longer than its buffer")?);
            } else {
                let piece = receiver.next_chunk().await?;
                tally.add_part(&piece, piece.is_last());
            }
        }
        ensure!(tally.octets() == self.octets(), "{} bytes arrived", tally.octets());
        ensure!(tally.sha256() == self.sha256(), "other bytes than the sent ones");
        Ok(())
    }
}

/// The log of `just interop-full` for one pair of hosts.
#[derive(Debug)]
pub struct Log {
    title: &'static str,
    rows: String,
}

impl Log {
    /// Returns an empty log.
    #[must_use]
    pub const fn new(title: &'static str) -> Self {
        Self { title, rows: String::new() }
    }

    /// Adds a transfer with the time of `stopwatch`.
    pub fn add(&mut self, volume: &Volume, direction: &str, stopwatch: Stopwatch) {
        let Volume { mps, sdu, .. } = *volume;
        let (octets, millis) = (volume.octets(), stopwatch.elapsed().as_millis().max(1));
        // Bits per millisecond are kilobits per second.
        let bits = u128::try_from(octets).unwrap_or_default().saturating_mul(8);
        let rate = bits.checked_div(millis).unwrap_or_default();
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let title = self.title;
        println!(
            "{title}: | {mps} | {sdu} | {direction} | {octets} | {seconds}.{rest:03} | {rate} |"
        );
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.rows,
            "| {mps} | {sdu} | {direction} | {octets} | {seconds}.{rest:03} | {rate} |"
        );
    }

    /// In `just interop-full`, replaces the earlier log in `docs/reliability.md`.
    ///
    /// # Errors
    /// When the page cannot be read or written, or git does not know the commit.
    pub fn end(self) -> Result<()> {
        let Self { title, rows } = self;
        if !is_full() {
            return Ok(());
        }
        let mut commit = output("git", &["rev-parse", "--short=12", "HEAD"])?;
        if !output("git", &["status", "--porcelain", "--", ".", ":!docs/reliability.md"])?
            .is_empty()
        {
            commit.push_str(" with changes");
        }
        let date = output("date", &["--utc", "+%F"])?;
        let section = format!(
            "## {title}\n\nCommit {commit}, {date}.\n\n\
             | MPS | SDU | direction | bytes | seconds | kbit/s |\n|--:|--:|---|--:|--:|--:|\n{rows}"
        );
        let _lock = lock()?;
        let page = workspace().join("docs/reliability.md");
        let text = fs::read_to_string(&page)?;
        fs::write(&page, replace_section(&text, title, &section))?;
        Ok(())
    }
}

/// Concurrent tests write one after another.
fn lock() -> Result<File> {
    let lock = File::create(workspace().join("target/interop-log.lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(workspace()).output()?;
    ensure!(output.status.success(), "{program} {arguments:?} failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Returns the page with the section of that title replaced, or added at the end.
fn replace_section(page: &str, title: &str, section: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            inside = heading == title;
        }
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    format!("{}\n\n{section}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_its_volume() {
        let volumes: Vec<_> = volumes().collect();
        assert_eq!(volumes.len(), 15);
        if !is_full() {
            assert_eq!(volumes[0], Volume { mps: 23, sdu: 1, count: 500 });
            assert_eq!(volumes[4], Volume { mps: 23, sdu: 20_000, count: 4 });
        }
        assert!(volumes[13].octets() >= MIB);
    }

    #[test]
    fn a_section_takes_the_place_of_its_earlier_one() {
        let page = "# Log\n\n## one\n\nold\n\n## two\n\nkept\n";
        let page = replace_section(page, "one", "## one\n\nnew\n");
        assert_eq!(page, "# Log\n\n## two\n\nkept\n\n## one\n\nnew\n");
    }
}
