use core::fmt;

use bindrune_hci::cmd::le;
use embassy_time::Duration;

/// Requested parameters of a link. [Vol 4] Part E, 7.8.12
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnectionParameters {
    /// Shortest connection interval in units of 1.25 ms, 6 to 3,200.
    pub interval_min: u16,
    /// Longest connection interval in units of 1.25 ms, 6 to 3,200.
    pub interval_max: u16,
    /// Connection events that the peripheral may skip, 0 to 499.
    pub latency: u16,
    /// Supervision timeout in units of 10 ms, 10 to 3,200; more than twice the longest silence that latency allows.
    pub timeout: u16,
}

/// Connection parameters outside their ranges, or a supervision timeout too short for interval and latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidParameters;

impl fmt::Display for InvalidParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection parameters are not allowed")
    }
}

impl core::error::Error for InvalidParameters {}

impl ConnectionParameters {
    /// All zeros.
    pub(crate) const NONE: Self = Self { interval_min: 0, interval_max: 0, latency: 0, timeout: 0 };

    /// Interval 15 to 30 ms, no latency, supervision timeout 5 s.
    pub const DEFAULT: Self = Self { interval_min: 12, interval_max: 24, latency: 0, timeout: 500 };

    /// Creates parameters from times; fractions of a unit are cut off.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`] if the result breaks a rule of [`Self::validate`].
    pub fn new(
        interval_min: Duration,
        interval_max: Duration,
        latency: u16,
        timeout: Duration,
    ) -> Result<Self, InvalidParameters> {
        let units = |time: Duration, unit| {
            u16::try_from(time.as_micros().checked_div(unit).unwrap_or_default())
                .map_err(|_| InvalidParameters)
        };
        let parameters = Self {
            interval_min: units(interval_min, 1_250)?,
            interval_max: units(interval_max, 1_250)?,
            latency,
            timeout: units(timeout, 10_000)?,
        };
        parameters.validate()?;
        Ok(parameters)
    }

    /// Checks the ranges, and that the supervision timeout is longer than
    /// (1 + latency) × longest interval × 2. [Vol 4] Part E, 7.8.12
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`] if one of these rules is broken.
    pub fn validate(&self) -> Result<(), InvalidParameters> {
        let Self { interval_min, interval_max, latency, timeout } = *self;
        let in_range = INTERVAL.contains(&interval_min)
            && INTERVAL.contains(&interval_max)
            && interval_min <= interval_max
            && latency <= LATENCY_MAX
            && TIMEOUT.contains(&timeout);
        // In units of 2.5 ms: the timeout's unit is four of them, twice the interval's is one.
        let silence = u32::from(latency).saturating_add(1).saturating_mul(interval_max.into());
        let allowed = in_range && u32::from(timeout).saturating_mul(4) > silence;
        if allowed { Ok(()) } else { Err(InvalidParameters) }
    }

    pub(crate) fn command(&self) -> le::ConnectionParameters {
        le::ConnectionParameters {
            interval_min: self.interval_min.into(),
            interval_max: self.interval_max.into(),
            latency: self.latency.into(),
            timeout: self.timeout.into(),
            event_length_min: 0.into(),
            event_length_max: EVENT_LENGTH_MAX.into(),
        }
    }
}

impl Default for ConnectionParameters {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const INTERVAL: core::ops::RangeInclusive<u16> = 6..=3200;
const LATENCY_MAX: u16 = 499;
const TIMEOUT: core::ops::RangeInclusive<u16> = 10..=3200;
/// No limit on the length of connection events.
const EVENT_LENGTH_MAX: u16 = 0xffff;

/// Current parameters of a link. They are the controller's numbers, unchecked: do not divide by them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CurrentParameters {
    /// Connection interval in units of 1.25 ms.
    pub interval: u16,
    /// Connection events that the peripheral may skip.
    pub latency: u16,
    /// Supervision timeout in units of 10 ms.
    pub timeout: u16,
}

impl CurrentParameters {
    /// Returns the connection interval.
    #[must_use]
    pub fn connection_interval(&self) -> Duration {
        Duration::from_micros(u64::from(self.interval).saturating_mul(1_250))
    }

    /// Returns the supervision timeout.
    #[must_use]
    pub fn supervision_timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.timeout).saturating_mul(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of(
        interval_min: u16,
        interval_max: u16,
        latency: u16,
        timeout: u16,
    ) -> ConnectionParameters {
        ConnectionParameters { interval_min, interval_max, latency, timeout }
    }

    #[test]
    fn ranges_and_the_supervision_timeout_are_checked() {
        let good = [
            ConnectionParameters::DEFAULT,
            of(6, 6, 0, 10),
            of(3200, 3200, 0, 801),
            of(6, 8, 499, 1001),
        ];
        for parameters in good {
            assert_eq!(parameters.validate(), Ok(()), "{parameters:?}");
        }
        let bad = [
            of(5, 6, 0, 100),
            of(6, 5, 0, 100),
            of(6, 3201, 0, 3200),
            of(6, 6, 500, 3200),
            of(6, 6, 0, 9),
            of(6, 6, 0, 3201),
            of(3200, 3200, 0, 800),
            of(6, 8, 499, 1000),
            // Row H40.
            of(0x0c80, 6, 500, 10),
        ];
        for parameters in bad {
            assert_eq!(parameters.validate(), Err(InvalidParameters), "{parameters:?}");
        }
    }

    #[test]
    fn times_become_units() {
        let ms = Duration::from_millis;
        assert_eq!(
            ConnectionParameters::new(ms(15), ms(30), 0, ms(5000)),
            Ok(ConnectionParameters::DEFAULT)
        );
        assert!(ConnectionParameters::new(ms(15), ms(30), 0, ms(1_000_000)).is_err());
        let current = CurrentParameters { interval: 24, latency: 0, timeout: 500 };
        assert_eq!(
            (current.connection_interval(), current.supervision_timeout()),
            (ms(30), ms(5000))
        );
    }
}
