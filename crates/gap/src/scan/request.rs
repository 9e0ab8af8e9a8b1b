use bindrune_hci::{PhyMask, Status};
use embassy_time::Duration;

/// What to scan for, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Ask scannable advertisers for their scan response.
    pub active: bool,
    /// Time from the start of one window to the next: 2.5 ms to 10.24 s.
    pub interval: Duration,
    /// Time of scanning in each interval; at most the interval.
    pub window: Duration,
    /// Leave out what was reported already: the same data of the same advertiser. The host remembers 128 reports; with
    /// more advertisers than that, some are reported again.
    pub filter_duplicates: bool,
    /// With active scanning: report legacy advertising together with its scan response, as one.
    pub merge: bool,
    /// Only peers of the accept list.
    pub accept_list_only: bool,
    /// LE 1M and LE Coded; others, and Coded where extended commands are not in use, are left out.
    pub phys: PhyMask,
    /// Ends by itself so long after scanning began; never without.
    pub timeout: Option<Duration>,
}

impl Scan {
    /// Passive, all the time, every report.
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

    /// Active, all the time; each advertiser once, together with its scan response.
    #[must_use]
    pub const fn active() -> Self {
        Self { active: true, filter_duplicates: true, merge: true, ..Self::passive() }
    }

    /// Ends by itself so long after scanning began.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// Why scanning ended though its request was not withdrawn by its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ScanEnd {
    /// Its time is over.
    Timeout,
    /// All requests were withdrawn: [`crate::Gap::withdraw_all`].
    Withdrawn,
    /// The controller refused.
    Failed(Status),
}
