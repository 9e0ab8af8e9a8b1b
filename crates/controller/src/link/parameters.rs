//! Connection parameters. [Vol 6] Part B, 4.5.1, 4.5.2

use bindrune_hci::Status;
use embassy_time::Duration;

/// The current parameters of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// In units of 1.25 ms.
    pub(crate) interval: u16,
    /// Connection events that the peripheral may skip.
    pub(crate) latency: u16,
    /// In units of 10 ms.
    pub(crate) timeout: u16,
}

impl Parameters {
    pub(crate) const fn interval(self) -> Duration {
        Duration::from_micros((self.interval as u64).saturating_mul(1250))
    }

    pub(crate) const fn timeout(self) -> Duration {
        Duration::from_millis((self.timeout as u64).saturating_mul(10))
    }
}

/// The parameters that a host requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// Minimum in units of 1.25 ms.
    pub(crate) interval_min: u16,
    /// Maximum in units of 1.25 ms.
    pub(crate) interval_max: u16,
    /// Connection events that the peripheral may skip.
    pub(crate) latency: u16,
    /// In units of 10 ms.
    pub(crate) timeout: u16,
}

impl Range {
    /// Checks the rules of [Vol 4] Part E, 7.8.12 and 7.8.18.
    pub(crate) fn check(self) -> Result<Self, Status> {
        let intervals = (6..=3200).contains(&self.interval_min)
            && (6..=3200).contains(&self.interval_max)
            && self.interval_min <= self.interval_max;
        let rest = self.latency <= 499 && (10..=3200).contains(&self.timeout);
        let events = u32::from(self.latency).saturating_add(1);
        let silence = events.saturating_mul(u32::from(self.interval_max)).saturating_mul(2 * 125);
        let timeout = u32::from(self.timeout).saturating_mul(1000);
        if intervals && rest && timeout > silence {
            Ok(self)
        } else {
            Err(Status::INVALID_PARAMETERS)
        }
    }

    /// Returns the central's choice: the longest interval.
    pub(crate) const fn choose(self) -> Parameters {
        Parameters { interval: self.interval_max, latency: self.latency, timeout: self.timeout }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeout_covers_the_silence() {
        let range =
            |max, latency, timeout| Range { interval_min: 6, interval_max: max, latency, timeout };
        assert!(range(6, 0, 10).check().is_ok());
        assert!(range(80, 0, 20).check().is_err(), "200 ms is not more than 2 × 100 ms");
        assert!(range(80, 0, 21).check().is_ok());
        assert!(range(3200, 3, 3200).check().is_err());
        assert!(range(5, 0, 100).check().is_err());
        assert!(range(3201, 0, 3200).check().is_err());
        assert!(range(6, 500, 3200).check().is_err());
    }
}
