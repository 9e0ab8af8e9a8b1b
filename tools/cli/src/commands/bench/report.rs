//! Results, for users and scripts.

use std::ops::RangeInclusive;

use bindrune_bound::{Bottleneck, Link};
use console::truncate_str;
use embassy_time::Duration;
use serde::Serialize;

use super::{
    count::{Counted, rate},
    path::Path,
};
use crate::{output::Record, paint::Paint, table::Screen};

/// If a path has another share of its bound, something that this program cannot see limits it, or there is no radio.
const EXPLAINED: RangeInclusive<f64> = 0.8..=1.2;

/// A measured path.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Measured {
    path: &'static str,
    pub(super) kilobits_per_second: f64,
    bytes: u64,
    seconds: f64,
    p50_us: Option<u64>,
    p99_us: Option<u64>,
    pub(super) lost: u32,
    pub(super) bottleneck: &'static str,
    #[serde(rename = "bound_kilobits_per_second")]
    pub(super) bound: f64,
    interval_ms: f64,
    phy: &'static str,
    over_time: Vec<f64>,
    part_ms: f64,
    #[serde(skip)]
    title: &'static str,
}

impl Measured {
    pub(super) fn new(
        path: Path,
        counted: &Counted,
        mut times: Vec<Duration>,
        lost: u32,
        link: &Link,
    ) -> Self {
        times.sort_unstable();
        let kilobits_per_second = round(rate(counted.bytes, counted.time));
        let bound = link.bound() / 1000.0;
        let explained = EXPLAINED.contains(&(kilobits_per_second / bound.max(0.1)));
        Self {
            path: path.name(),
            kilobits_per_second,
            bytes: counted.bytes,
            seconds: seconds(counted.time),
            p50_us: percentile(&times, 50),
            p99_us: percentile(&times, 99),
            lost,
            bottleneck: if explained { name(link.bottleneck()) } else { OTHER },
            bound: round(bound),
            interval_ms: f64::from(link.interval) * 1.25,
            phy: if link.two_mbit { "2M" } else { "1M" },
            over_time: counted.over_time.iter().map(|rate| round(*rate)).collect(),
            part_ms: seconds(counted.part) * 1000.0,
            title: path.title(),
        }
    }

    /// Says what limits the path.
    fn limit(&self) -> String {
        let share = 100.0 * self.kilobits_per_second / self.bound.max(0.1);
        let what = match self.bottleneck {
            "uart" => "the serial line to a controller".to_owned(),
            "acl-buffers" => "the ACL buffers of a controller".into(),
            "window" => "the window of the channel".into(),
            "connection-interval" => format!("the connection interval, {} ms", self.interval_ms),
            "airtime" => format!("airtime on LE {}, every {} ms", self.phy, self.interval_ms),
            _ if share > 100.0 => {
                return format!(
                    "{share:.0} % of the bound, {:.0}: faster than a radio, so this controller has none",
                    self.bound
                );
            }
            _ => {
                return format!(
                    "{share:.0} % of the bound, {:.0}: something else limits it, such as packets lost on the air or a busy device",
                    self.bound
                );
            }
        };
        format!("{share:.0} % of the bound, {:.0}; bottleneck: {what}", self.bound)
    }
}

impl Record for Measured {
    fn human(&self, paint: Paint) -> String {
        let (width, _) = Screen::size();
        let speed = format!("{:.0} kbit/s", self.kilobits_per_second);
        let time = |micros: Option<u64>| micros.map_or_else(|| "-".into(), milliseconds);
        let trips = format!(
            "round trip {}, at most {} for 99 %; {} lost",
            time(self.p50_us),
            time(self.p99_us),
            self.lost
        );
        let picture = picture(&self.over_time, self.bound, width.saturating_sub(4).min(PICTURE));
        [
            format!(" {}  {}", paint.cyan(self.title), paint.bold(&speed)),
            format!("   {}", self.limit()),
            format!("   {trips}"),
            format!("   {}", paint.green(&picture)),
        ]
        .map(|line| truncate_str(&line, width, "").into_owned())
        .join("\n")
    }
}

/// A path that the device does not have.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Skipped {
    path: &'static str,
    skipped: &'static str,
    #[serde(skip)]
    title: &'static str,
}

impl Skipped {
    pub(super) const fn new(path: Path, why: &'static str) -> Self {
        Self { path: path.name(), skipped: why, title: path.title() }
    }
}

impl Record for Skipped {
    fn human(&self, paint: Paint) -> String {
        format!(" {}  skipped: {}", paint.cyan(self.title), self.skipped)
    }
}

/// The bottleneck of a path that is slower than its bound.
const OTHER: &str = "other";

/// Names a bottleneck for scripts.
const fn name(bottleneck: Bottleneck) -> &'static str {
    match bottleneck {
        Bottleneck::Uart => "uart",
        Bottleneck::Buffers => "acl-buffers",
        Bottleneck::Window => "window",
        Bottleneck::Interval => "connection-interval",
        Bottleneck::Airtime => "airtime",
    }
}

/// Returns the time below which this many percent of the sorted times are.
fn percentile(sorted: &[Duration], percent: usize) -> Option<u64> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).map(Duration::as_micros)
}

#[expect(clippy::cast_precision_loss, reason = "a time for people")]
fn milliseconds(micros: u64) -> String {
    format!("{:.1} ms", micros as f64 / 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "a time for people")]
fn seconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e6
}

fn round(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}

/// Widest picture.
const PICTURE: usize = 60;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws rates over time, at most `width` columns wide. The highest column is the bound, or a rate above it.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a picture with eight levels"
)]
fn picture(rates: &[f64], bound: f64, width: usize) -> String {
    let each = rates.len().div_ceil(width.max(1)).max(1);
    let columns: Vec<f64> =
        rates.chunks(each).map(|part| part.iter().sum::<f64>() / part.len() as f64).collect();
    let highest = columns.iter().copied().fold(bound, f64::max).max(f64::MIN_POSITIVE);
    let level = |rate: &f64| {
        let level = (rate / highest * (LEVELS.len() as f64 - 1.0)).round();
        LEVELS.get(level as usize).copied().unwrap_or(' ')
    };
    columns.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fits_each_width() {
        let rates: Vec<f64> = (0..60).map(f64::from).collect();
        for width in 0..100 {
            let drawn = picture(&rates, 59.0, width).chars().count();
            assert!((1..=width.max(1)).contains(&drawn), "{width}: {drawn}");
        }
        assert_eq!(picture(&[0.0, 50.0, 100.0], 100.0, 60), "▁▅█");
        assert_eq!(picture(&[100.0], 200.0, 60), "▅");
        assert_eq!(picture(&[], 0.0, 60), "");
    }

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<_> = (1..=100).map(Duration::from_micros).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 99)), (Some(50), Some(99)));
        assert_eq!(percentile(&times[..1], 99), Some(1));
        assert_eq!(percentile(&[], 50), None);
    }
}
