use bindrune_hci::{SecretKey, Status};
use bindrune_wire::{Address, Handle};
use embassy_time::Instant;

use super::Gap;
#[cfg(any(test, feature = "std"))]
use crate::advertise::Gate;
use crate::{
    Advertisement, Advertising, Connect, Connecting, Report, Resolve, Scan, ScanEnd, SetId,
    TooLong, TooManyPeers,
};

/// Requests of the application.
impl Gap {
    /// Returns the first advertising set that is free.
    #[must_use]
    pub fn free_set(&self) -> Option<SetId> {
        self.advertiser.free()
    }

    /// How many advertising sets there is memory for. The controller may have fewer.
    #[must_use]
    pub const fn sets(&self) -> usize {
        self.advertiser.len()
    }

    /// Advertises in one set, until a link comes up, its time is over or the request is withdrawn. If the data is too
    /// long, the set has no request afterwards.
    ///
    /// # Errors
    ///
    /// [`TooLong`] names the first structure that has no room.
    pub fn advertise(&mut self, set: SetId, ad: &Advertisement<'_>) -> Result<(), TooLong> {
        self.list.retry();
        self.try_again();
        self.advertiser.request(set, ad)
    }

    /// Says that the peer of a set with directed advertising has private addresses. The set then needs a controller
    /// that makes such an address of it, and fails with Unsupported Feature (0x11) if this one does not. [Vol 6] Part
    /// B, 6.2.2
    pub fn peer_is_private(&mut self, set: SetId) {
        self.advertiser.peer_is_private(set);
    }

    /// Withdraws the request of one set, which is free then.
    pub fn stop_advertising(&mut self, set: SetId) {
        self.advertiser.release(set);
    }

    /// Returns how far the request of a set is, or `None` without one.
    #[must_use]
    pub fn advertising(&self, set: SetId) -> Option<Advertising> {
        self.advertiser.outcome(set)
    }

    /// Returns whether a link of this set is given only once it is established: [`Advertisement::until_established`].
    #[must_use]
    pub fn awaits_established_set(&self, set: SetId) -> bool {
        self.advertiser.awaits_established(set)
    }

    /// Goes on advertising after a link of this set came to nothing.
    pub fn resume_advertising(&mut self, set: SetId) {
        self.advertiser.resume(set);
    }

    /// Ends every request that is pending. Each stays, with that outcome, until its owner withdraws it.
    pub fn withdraw_all(&mut self) {
        self.advertiser.withdraw_all();
        self.scanner.withdraw();
        self.initiator.withdraw();
    }

    /// Says whether the root has no room for one more link. What would make one is then off, or fails:
    /// [`crate::WhenFull`].
    pub const fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    /// A link has ended.
    pub fn link_ended(&mut self, handle: Handle) {
        self.advertiser.link_ended(handle);
    }

    /// Returns whether a set is on in the controller.
    #[must_use]
    pub fn is_advertising(&self, set: SetId) -> bool {
        self.advertiser.is_on(set)
    }

    /// Scans until the request is withdrawn. Reports of an earlier one are forgotten.
    pub fn scan(&mut self, scan: Scan) {
        self.list.retry();
        self.try_again();
        self.scanner.request(scan);
    }

    /// Withdraws the request to scan. Reports that were seen may still be taken.
    pub const fn stop_scanning(&mut self) {
        self.scanner.release();
    }

    /// Returns whether the request to scan goes on or was refused, or `None` without one.
    #[must_use]
    pub fn scanning(&self) -> Option<Result<(), ScanEnd>> {
        self.scanner.outcome()
    }

    /// Returns whether scanning is on in the controller.
    #[must_use]
    pub const fn is_scanning(&self) -> bool {
        self.scanner.is_on()
    }

    /// Returns whether a report waits.
    #[must_use]
    pub const fn has_report(&self) -> bool {
        self.scanner.has_report()
    }

    /// Takes the oldest report, its data copied to `buffer`: 31 octets for legacy advertising, 62 where merged with the
    /// scan response, up to 1,650 for extended. What does not fit is cut and flagged.
    pub fn next_report<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Report<'b>> {
        self.scanner.next_report(buffer)
    }

    /// Reports that were overwritten before they were taken, since the last request to scan.
    #[must_use]
    pub const fn lost_reports(&self) -> u32 {
        self.scanner.lost()
    }

    /// As [`Self::lost_reports`], of all requests to scan.
    #[must_use]
    pub const fn lost_reports_in_all(&self) -> u32 {
        self.scanner.lost_in_all()
    }

    /// Connects; the link comes as [`crate::LinkUp`], or [`crate::GapEvent::ConnectEnded`] tells why none does.
    pub fn connect(&mut self, connect: Connect) {
        self.list.retry();
        self.try_again();
        self.initiator.request(connect, false);
    }

    /// Connects to a peer whose address on the air only the root can tell. It scans, beside what is requested, and
    /// [`Self::sought`] returns the peer; [`Self::found`] takes the address. Reports of a request that filters come
    /// unfiltered for that time, and those of one for the accept list not at all.
    pub fn search(&mut self, connect: Connect) {
        self.try_again();
        self.initiator.request(connect, true);
    }

    /// Returns the identity of the peer that the root is to look for in advertising reports.
    #[must_use]
    pub fn sought(&self) -> Option<Address> {
        self.initiator.sought()
    }

    /// Connects to the peer that is sought, which advertises with this address. It may change that: after 5 s it is
    /// sought again.
    pub fn found(&mut self, now: Instant, on_air: Address) {
        self.initiator.found(now, on_air);
    }

    /// Withdraws the request to connect.
    pub const fn stop_connecting(&mut self) {
        self.initiator.release();
    }

    /// Returns how far the request to connect is, or `None` without one.
    #[must_use]
    pub fn connecting(&self) -> Option<Connecting> {
        self.initiator.outcome()
    }

    /// Returns whether the link of the request to connect is given only once it is established:
    /// [`Connect::established`].
    #[must_use]
    pub fn awaits_established(&self) -> bool {
        self.initiator.awaits_established()
    }

    /// Goes on connecting after the link came to nothing.
    pub fn resume_connecting(&mut self) {
        self.initiator.resume();
    }

    /// A controller that has no address of its own waits for [`Self::set_made_address`] before one is made up for it.
    pub const fn await_made_address(&mut self) {
        self.init.await_made();
    }

    /// Says which static address was made up earlier, and is to be used again where one would be made up; `None` if
    /// there is none.
    pub fn set_made_address(&mut self, address: Option<Address>) {
        self.init.set_made(address);
    }

    /// Gives random octets of this host, of which a static address is made if the controller gives none.
    pub fn set_random(&mut self, random: [u8; 6]) {
        self.init.set_random(random);
    }

    /// Returns the static address that was made up, if this device uses it.
    #[must_use]
    pub fn made_address(&self) -> Option<Address> {
        self.init.made()
    }

    /// The private address on the air from now on, until `until`: then [`crate::GapEvent::PrivateAddressDue`] asks for
    /// another. Advertising, scanning and connecting are off for a moment while the controller is told.
    pub const fn set_private_address(&mut self, address: Address, until: Instant) {
        self.privacy.request(address, until);
    }

    /// A new request tries once what an earlier one failed for.
    fn try_again(&mut self) {
        self.init.forgive_requests();
        self.privacy.try_again();
    }

    /// No private address could be made. After two in a row what waits for one fails with this status.
    pub const fn private_address_failed(&mut self, status: Status) {
        self.privacy.failed(status);
    }

    /// Sets whose private addresses the controller resolves, as far as it can; `local` is our own identity resolving
    /// key. Advertising, scanning and connecting are off for a moment while the controller's list changes.
    ///
    /// # Errors
    ///
    /// [`TooManyPeers`] if the host has fewer places.
    pub fn set_resolving_list(
        &mut self,
        local: SecretKey,
        peers: &[Resolve],
    ) -> Result<(), TooManyPeers> {
        self.resolving.request(local, peers)
    }

    /// Returns whether the controller resolves the private addresses of the peer with this identity address.
    #[must_use]
    pub fn resolves(&self, peer: Address) -> bool {
        self.resolving.resolves(peer)
    }

    /// Sets the accept list. What uses it is off while the controller's list changes.
    ///
    /// # Errors
    ///
    /// [`TooManyPeers`] if the host has fewer places.
    pub fn set_accept_list(&mut self, peers: &[Address]) -> Result<(), TooManyPeers> {
        self.list.request(peers)
    }

    /// Panics where nothing would ever come of a request. To be called when [`Self::poll_command`] has just had nothing
    /// to write, and no command is out.
    #[cfg(any(test, feature = "std"))]
    #[doc(hidden)]
    pub fn check_progress(&mut self) {
        let Some(info) = self.init.info() else { return };
        let hold = self.resolving.holds(info) || self.privacy.holds();
        let list = self.list.state(info);
        let gate = Gate { list, resolving: &self.resolving, hold, full: self.full };
        if self.sent.is_none() && self.refused.is_empty() {
            self.advertiser.check_progress(gate);
            self.initiator.check_progress(gate);
            let scans = self.scanner.is_on() || self.scanner.waits(gate.list);
            let paused = gate.hold || self.initiator.is_busy();
            assert!(scans || paused, "nothing comes of {:?}", self.scanner);
        }
    }
}
