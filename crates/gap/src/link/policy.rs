//! The answer to a peer that requests other connection parameters. [Vol 3] Part A, 4.20; [Vol 6] Part B, 5.1.7

use super::LinkControl;
use crate::ConnectionParameters;

/// How the host answers a peer that requests other connection parameters. Parameters that the specification does not
/// allow are always refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum ParameterRequests {
    /// Accepts the request.
    #[default]
    Accept = 0,
    /// Refuses the request.
    Refuse,
    /// Accepts the request within these limits: narrows the intervals to those that both allow. Refuses if there is no
    /// such interval, or if the peer requests a higher latency or a longer supervision timeout.
    Within(ConnectionParameters),
}

impl ParameterRequests {
    fn judge(self, asked: ConnectionParameters) -> Option<ConnectionParameters> {
        let limits = match self {
            Self::Accept => return Some(asked),
            Self::Refuse => return None,
            Self::Within(limits) => limits,
        };
        let narrowed = ConnectionParameters {
            interval_min: asked.interval_min.max(limits.interval_min),
            interval_max: asked.interval_max.min(limits.interval_max),
            ..asked
        };
        let fits = narrowed.interval_min <= narrowed.interval_max
            && asked.latency <= limits.latency
            && asked.timeout <= limits.timeout;
        fits.then_some(narrowed)
    }
}

impl LinkControl {
    /// Sets how the host answers a peer that requests other parameters.
    pub fn set_parameter_requests(&mut self, policy: ParameterRequests) {
        self.policy.fill(policy);
    }

    /// Returns the parameters to accept of those that the peer requests, or `None` to refuse.
    #[must_use]
    pub fn judge(&self, asked: ConnectionParameters) -> Option<ConnectionParameters> {
        asked.validate().ok()?;
        self.policy.iter().try_fold(asked, |asked, policy| policy.judge(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: ConnectionParameters =
        ConnectionParameters { interval_min: 24, interval_max: 80, latency: 2, timeout: 400 };

    #[test]
    fn intervals_are_narrowed_and_excessive_requests_are_refused() {
        let limits =
            ConnectionParameters { interval_min: 6, interval_max: 40, latency: 2, timeout: 400 };
        let within = |limits| ParameterRequests::Within(limits).judge(ASKED);
        assert_eq!(within(limits), Some(ConnectionParameters { interval_max: 40, ..ASKED }));
        assert_eq!(within(ConnectionParameters { interval_max: 23, ..limits }), None);
        assert_eq!(
            within(ConnectionParameters { interval_min: 81, interval_max: 90, ..limits }),
            None
        );
        assert_eq!(within(ConnectionParameters { latency: 1, ..limits }), None);
        assert_eq!(within(ConnectionParameters { timeout: 399, ..limits }), None);
        let wide = ConnectionParameters { interval_min: 30, interval_max: 3200, ..limits };
        assert_eq!(within(wide), Some(ConnectionParameters { interval_min: 30, ..ASKED }));
        assert_eq!(ParameterRequests::Accept.judge(ASKED), Some(ASKED));
        assert_eq!(ParameterRequests::Refuse.judge(ASKED), None);
    }

    #[test]
    fn forbidden_parameters_are_always_refused() {
        let forbidden = ConnectionParameters { timeout: 10, ..ASKED };
        assert_eq!(LinkControl::NONE.judge(forbidden), None);
        assert_eq!(LinkControl::NONE.judge(ASKED), Some(ASKED));
    }
}
