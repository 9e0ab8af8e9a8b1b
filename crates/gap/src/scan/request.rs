use bindrune_hci::{PhyMask, Status};
use embassy_time::Duration;

/// A request to scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Whether to request scan responses from scannable advertisers.
    pub active: bool,
    /// Time from the start of one window to the next: 2.5 ms to 10.24 s.
    pub interval: Duration,
    /// Time of scanning in each interval; at most the interval.
    pub window: Duration,
    /// Whether to drop duplicates: the same data of the same advertiser. The host remembers 128 reports; with more
    /// advertisers, some are reported again.
    pub filter_duplicates: bool,
    /// Whether to report legacy advertising together with its scan response, in active scanning.
    pub merge: bool,
    /// Whether to report only peers of the accept list.
    pub accept_list_only: bool,
    /// LE 1M and LE Coded; other PHYs are ignored, and so is Coded without extended commands.
    pub phys: PhyMask,
    /// Duration of the scan; `None` for no limit.
    pub timeout: Option<Duration>,
}

impl Scan {
    /// Scans passively, without pause, with every report.
    #[must_use]
    pub const fn passive() -> Self {
        Self {
            active: false,
            interval: Duration::from_millis(60),
            window: Duration::from_millis(60),
            filter_duplicates: false,
            merge: false,
            accept_list_only: false,
            phys: PhyMask::LE_1M,
            timeout: None,
        }
    }

    /// Scans actively, without pause; reports each advertiser once, together with its scan response.
    #[must_use]
    pub const fn active() -> Self {
        Self { active: true, filter_duplicates: true, merge: true, ..Self::passive() }
    }

    /// Ends the scan this long after it began. A time of more than 12 days has no end.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// Reason why scanning ended although its owner did not withdraw the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ScanEnd {
    /// Its time limit passed.
    Timeout,
    /// All requests were withdrawn: [`crate::Gap::withdraw_all`].
    Withdrawn,
    /// The controller refused.
    Failed(Status),
}
