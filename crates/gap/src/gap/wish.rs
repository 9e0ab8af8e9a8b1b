use bindrune_hci::SecretKey;
use bindrune_wire::Address;
use embassy_time::Instant;

use super::Gap;
use crate::{Advertisement, Connect, Report, Resolve, Scan, SetId, TooLong, TooManyPeers};

/// What the application wishes.
impl Gap {
    /// The first advertising set that is free.
    #[must_use]
    pub fn free_set(&self) -> Option<SetId> {
        self.advertiser.free()
    }

    /// How many advertising sets there is memory for. The controller may have fewer.
    #[must_use]
    pub const fn sets(&self) -> usize {
        self.advertiser.len()
    }

    /// Advertises in one set, until a link comes up, its time is over or the wish is withdrawn. Where the data is too long,
    /// the set's wish is withdrawn.
    pub fn advertise(&mut self, set: SetId, ad: &Advertisement<'_>) -> Result<(), TooLong> {
        self.list.retry();
        self.advertiser.wish(set, ad)
    }

    /// Withdraws the wish of one set.
    pub fn stop_advertising(&mut self, set: SetId) {
        self.advertiser.withdraw(set);
    }

    /// True while a set is on in the controller.
    #[must_use]
    pub fn is_advertising(&self, set: SetId) -> bool {
        self.advertiser.is_on(set)
    }

    /// Scans until the wish is withdrawn. Reports of an earlier wish are forgotten.
    pub fn scan(&mut self, scan: Scan) {
        self.list.retry();
        self.scanner.wish(scan);
    }

    /// Withdraws the wish to scan. Reports that were seen may still be taken.
    pub const fn stop_scanning(&mut self) {
        self.scanner.withdraw();
    }

    /// Scans, beside what is wished, so that the root sees every advertiser in the events; a refusal is told as
    /// [`crate::GapEvent::SeekEnded`]. Reports of a wish that filters come unfiltered for that time, and those of one for the
    /// accept list not at all.
    pub fn seek(&mut self, on: bool) {
        self.scanner.seek(on);
    }

    /// True while scanning is on in the controller.
    #[must_use]
    pub const fn is_scanning(&self) -> bool {
        self.scanner.is_on()
    }

    /// True where a report waits.
    #[must_use]
    pub const fn has_report(&self) -> bool {
        self.scanner.has_report()
    }

    /// Takes the oldest report, its data copied to `buffer`: 31 octets for legacy advertising, 62 where merged with the
    /// scan response, up to 1,650 for extended. What does not fit is cut and flagged.
    pub fn next_report<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Report<'b>> {
        self.scanner.next_report(buffer)
    }

    /// Reports that were overwritten before they were taken, since the last wish to scan.
    #[must_use]
    pub const fn lost_reports(&self) -> u32 {
        self.scanner.lost()
    }

    /// As [`Self::lost_reports`], of all wishes to scan.
    #[must_use]
    pub const fn lost_reports_in_all(&self) -> u32 {
        self.scanner.lost_in_all()
    }

    /// Connects; the link comes as [`crate::LinkUp`], or [`crate::GapEvent::ConnectEnded`] tells why none does.
    pub fn connect(&mut self, connect: Connect) {
        self.list.retry();
        self.initiator.wish(connect);
    }

    /// Withdraws the wish to connect.
    pub const fn stop_connecting(&mut self) {
        self.initiator.withdraw();
    }

    /// The private address on the air from now on, until `until`: then [`crate::GapEvent::PrivateAddressDue`] asks for
    /// another. Advertising, scanning and connecting are off for a moment while the controller is told.
    pub const fn set_private_address(&mut self, address: Address, until: Instant) {
        self.privacy.wish(address, until);
    }

    /// Sets whose private addresses the controller resolves, as far as it can; `local` is our own identity resolving
    /// key. Advertising, scanning and connecting are off for a moment while the controller's list changes.
    pub fn set_resolving_list(
        &mut self,
        local: SecretKey,
        peers: &[Resolve],
    ) -> Result<(), TooManyPeers> {
        self.resolving.wish(local, peers)
    }

    /// True where the controller resolves the private addresses of the peer with this identity address.
    #[must_use]
    pub fn resolves(&self, peer: Address) -> bool {
        self.resolving.resolves(peer)
    }

    /// Sets the accept list. What uses it is off while the controller's list changes.
    pub fn set_accept_list(&mut self, peers: &[Address]) -> Result<(), TooManyPeers> {
        self.list.wish(peers)
    }
}
