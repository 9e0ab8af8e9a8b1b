//! Counts bytes while a flow runs.

use std::cell::Cell;

use bindrune::Error;
use embassy_time::{Duration, Instant};

use super::lab::Lab;
use crate::failure::{Doing as _, Failure};

/// Connection intervals before counting begins.
const WARMING: u64 = 8;
/// Fewest connection intervals to count.
const FEWEST: u64 = 24;
/// Parts of the time, for the picture.
const PARTS: u64 = 60;

/// Bytes of a flow so far.
#[derive(Debug, Default)]
pub(super) struct Meter {
    bytes: Cell<u64>,
}

impl Meter {
    pub(super) fn add(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes.set(self.bytes.get().saturating_add(bytes));
    }
}

/// What a flow has transferred.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) bytes: u64,
    pub(super) time: Duration,
    /// Kilobits per second in each part of the time.
    pub(super) over_time: Vec<f64>,
    /// Length of a part.
    pub(super) part: Duration,
}

/// Runs a flow, and counts its bytes for an even number of connection intervals: a round trip takes two, and whole ones
/// are the same wherever they begin.
pub(super) async fn count(
    lab: &Lab<'_>,
    doing: &str,
    meter: &Meter,
    flow: impl Future<Output = Result<(), Error>>,
) -> Result<Counted, Failure> {
    let interval = lab.interval()?;
    let (parts, part) = parts(interval, lab.seconds);
    let measure = async {
        lab.host.sleep(times(interval, WARMING)).await;
        let begin = lab.host.now().await;
        let (first, mut at, mut before) = (meter.bytes.get(), begin, meter.bytes.get());
        let mut over_time = Vec::new();
        for number in 1..=parts {
            lab.host.sleep_until(begin.saturating_add(times(part, number))).await;
            let (now, bytes) = (lab.host.now().await, meter.bytes.get());
            over_time.push(rate(bytes.saturating_sub(before), since(at, now)));
            (at, before) = (now, bytes);
        }
        let bytes = before.saturating_sub(first);
        Counted { bytes, time: since(begin, at), over_time, part }
    };
    tokio::select! {
        counted = measure => Ok(counted),
        end = flow => end.doing(doing).and(Err(Failure::failed(format!("{doing}: it ended early")))),
    }
}

/// Returns the number of parts, and their length: together an even number of intervals, and at least the requested
/// time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time from the command line, in microseconds"
)]
fn parts(interval: Duration, seconds: f64) -> (u64, Duration) {
    let micros = interval.as_micros().max(1);
    let all = ((seconds * 1e6) as u64).div_ceil(micros).max(FEWEST);
    let each = all.div_ceil(PARTS).next_multiple_of(2);
    (all.div_ceil(each), Duration::from_micros(micros.saturating_mul(each)))
}

/// Returns a number of times.
pub(super) const fn times(time: Duration, number: u64) -> Duration {
    Duration::from_micros(time.as_micros().saturating_mul(number))
}

fn since(from: Instant, to: Instant) -> Duration {
    to.saturating_duration_since(from)
}

/// Returns kilobits per second.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub(super) fn rate(bytes: u64, time: Duration) -> f64 {
    bytes as f64 * 8e3 / time.as_micros().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_an_even_number_of_intervals() {
        let of = |micros, seconds| parts(Duration::from_micros(micros), seconds);
        assert_eq!(of(30_000, 2.0), (34, Duration::from_millis(60)));
        assert_eq!(of(7_500, 2.0), (45, Duration::from_millis(45)));
        // Twenty-four long intervals take longer than was asked for.
        assert_eq!(of(400_000, 2.0), (12, Duration::from_millis(800)));
        assert_eq!(of(30_000, 20.0), (56, Duration::from_millis(360)));
    }

    #[test]
    fn a_rate_is_in_kilobits() {
        assert_eq!(rate(125, Duration::from_millis(1)), 1000.0);
    }
}
