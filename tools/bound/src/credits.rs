//! Air for the credits of a channel. [Vol 3] Part A, 4.24, 10.1

use crate::{Flow, Row};

/// Bytes of an L2CAP PDU with LE Flow Control Credit Indication.
pub(crate) const INDICATION: u16 = 12;
/// Maximum number of indications in one event that are considered.
const MOST: u32 = 64;

impl Row {
    /// Returns the mean number of L2CAP PDUs in a connection event. `fits` returns how many fit beside a number of
    /// credit indications.
    ///
    /// After an indication the sender has at most all credits but one, because the K-frame that it answers has only
    /// just arrived. That many K-frames last for some full events without an indication; then an event has one again.
    pub(crate) fn with_credits(&self, fits: impl Fn(u32) -> f64) -> f64 {
        let full = fits(0);
        let Flow::Channel(window) = self.flow else { return full };
        let window = f64::from(window);
        let credited = |indications: u32| window * f64::from(indications.saturating_add(1));
        let most = (1..=MOST).map(|indications| fits(indications).min(credited(indications)));
        let with_indication = most.fold(0.0, f64::max);
        let events = ((window - 1.0) / full).floor();
        (with_indication + events * full) / (1.0 + events)
    }
}
