use bindrune_hci::{Opcode, SecretKey, Status};
use bindrune_wire::{Address, Handle, time::Instant};

use super::Gap;
#[cfg(any(test, feature = "std"))]
use crate::advertise::Gate;
use crate::{
    AddressChoice, Advertisement, Advertising, Connect, Connecting, Device, Report, Resolve, Scan,
    ScanEnd, SetId, TooLong, TooManyPeers,
};

/// Requests of the application.
impl Gap {
    /// Returns the first advertising set that is free.
    #[must_use]
    pub fn free_set(&self) -> Option<SetId> {
        self.advertiser.free()
    }

    /// Returns how many advertising sets there is memory for. The controller may have fewer.
    #[must_use]
    pub const fn sets(&self) -> usize {
        self.advertiser.len()
    }

    /// Advertises in one set until a link comes up, its time limit passes or the request is withdrawn. If the data is
    /// too long, the set has no request afterwards.
    ///
    /// # Errors
    ///
    /// [`TooLong`] with the first structure that has no room.
    pub fn advertise(
        &mut self,
        set: SetId,
        ad: &Advertisement<'_>,
        device: Device<'_>,
    ) -> Result<(), TooLong> {
        self.list.retry();
        self.try_again();
        self.advertiser.request(set, ad, device)
    }

    /// Marks the peer of a set with directed advertising as one with private addresses. The controller must then
    /// generate such an address for it; if it cannot, the set fails with Unsupported Feature (0x11). [Vol 6] Part B,
    /// 6.2.2
    pub fn peer_is_private(&mut self, set: SetId) {
        self.advertiser.peer_is_private(set);
    }

    /// Withdraws the request of one set and frees the set.
    pub fn stop_advertising(&mut self, set: SetId) {
        self.advertiser.release(set);
    }

    /// Returns the progress of a set's request, or `None` without one.
    #[must_use]
    pub fn advertising(&self, set: SetId) -> Option<Advertising> {
        self.advertiser.outcome(set)
    }

    /// Returns whether a link of this set is returned only after it is established:
    /// [`Advertisement::until_established`].
    #[must_use]
    pub fn awaits_established_set(&self, set: SetId) -> bool {
        self.advertiser.awaits_established(set)
    }

    /// Continues advertising after a link of this set was not established.
    pub fn resume_advertising(&mut self, set: SetId) {
        self.advertiser.resume(set);
    }

    /// Ends every pending request. Each stays, with that outcome, until its owner withdraws it.
    pub fn withdraw_all(&mut self) {
        self.advertiser.withdraw_all();
        self.scanner.withdraw();
        self.initiator.withdraw();
    }

    /// Sets whether the root has no room for another link. Requests for a link are then off, or fail:
    /// [`crate::WhenFull`].
    pub const fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    /// Records the end of a link.
    pub fn link_ended(&mut self, handle: Handle) {
        self.advertiser.link_ended(handle);
    }

    /// Returns whether a set is on in the controller.
    #[must_use]
    pub fn is_advertising(&self, set: SetId) -> bool {
        self.advertiser.is_on(set)
    }

    /// Scans until the request is withdrawn. Discards the reports of an earlier request.
    pub fn scan(&mut self, scan: Scan) {
        self.list.retry();
        self.try_again();
        self.scanner.request(scan);
    }

    /// Withdraws the request to scan. The remaining reports may still be taken.
    pub const fn stop_scanning(&mut self) {
        self.scanner.release();
    }

    /// Returns whether the request to scan is active or ended, or `None` without one.
    #[must_use]
    pub fn scanning(&self) -> Option<Result<(), ScanEnd>> {
        self.scanner.outcome()
    }

    /// Returns whether scanning is on in the controller.
    #[must_use]
    pub const fn is_scanning(&self) -> bool {
        self.scanner.is_on()
    }

    /// Returns whether a report is available.
    #[must_use]
    pub const fn has_report(&self) -> bool {
        self.scanner.has_report()
    }

    /// Takes the oldest report and copies its data to `buffer`: 31 octets for legacy advertising, 62 if merged with the
    /// scan response, up to 1,650 for extended advertising. Data that does not fit is cut, and flagged.
    pub fn next_report<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Report<'b>> {
        self.scanner.next_report(buffer)
    }

    /// Returns the number of reports that were overwritten before they were taken, since the last request to scan.
    #[must_use]
    pub const fn lost_reports(&self) -> u32 {
        self.scanner.lost()
    }

    /// Like [`Self::lost_reports`], over all requests to scan.
    #[must_use]
    pub const fn lost_reports_in_all(&self) -> u32 {
        self.scanner.lost_in_all()
    }

    /// Connects. The link is reported as [`crate::LinkUp`]; if none comes up, [`crate::GapEvent::ConnectEnded`] has the
    /// reason.
    pub fn connect(&mut self, connect: Connect) {
        self.list.retry();
        self.try_again();
        self.initiator.request(connect, false);
    }

    /// Connects to a peer whose address on the air only the root can resolve. It scans, in addition to the request to
    /// scan, and [`Self::sought`] returns the peer; [`Self::found`] takes the address. During that time, a request with
    /// a filter gets unfiltered reports, and a request for the accept list gets none.
    pub fn search(&mut self, connect: Connect) {
        self.try_again();
        self.initiator.request(connect, true);
    }

    /// Returns the identity of the peer that the root must find in advertising reports.
    #[must_use]
    pub fn sought(&self) -> Option<Address> {
        self.initiator.sought()
    }

    /// Connects to the sought peer, which advertises with this address. The address may change, so the search starts
    /// again after 5 s.
    pub fn found(&mut self, now: Instant, on_air: Address) {
        self.initiator.found(now, on_air);
    }

    /// Withdraws the request to connect.
    pub const fn stop_connecting(&mut self) {
        self.initiator.release();
    }

    /// Returns the progress of the request to connect, or `None` without one.
    #[must_use]
    pub fn connecting(&self) -> Option<Connecting> {
        self.initiator.outcome()
    }

    /// Returns whether the link of the request to connect is returned only after it is established:
    /// [`Connect::established`].
    #[must_use]
    pub fn awaits_established(&self) -> bool {
        self.initiator.awaits_established()
    }

    /// Continues connecting after the link was not established.
    pub fn resume_connecting(&mut self) {
        self.initiator.resume();
    }

    /// Makes a controller without an address of its own wait for [`Self::set_made_address`] before an address is
    /// generated.
    pub const fn await_made_address(&mut self) {
        self.init.await_made();
    }

    /// Sets the static address that was generated earlier, to be used again instead of a new one; `None` if there is
    /// none.
    pub fn set_made_address(&mut self, address: Option<Address>) {
        self.init.set_made(address);
    }

    /// Sets random octets of this host, for a static address if the controller provides none.
    pub fn set_random(&mut self, random: [u8; 6]) {
        self.init.set_random(random);
    }

    /// Returns the generated static address, if this device uses it.
    #[must_use]
    pub fn made_address(&self) -> Option<Address> {
        self.init.made()
    }

    /// Sets the private address on the air until `until`: then [`crate::GapEvent::PrivateAddressDue`] requests another.
    /// Advertising, scanning and connecting are off for a moment while the controller takes it.
    pub const fn set_private_address(&mut self, address: Address, until: Instant) {
        self.privacy.request(address, until);
    }

    /// Uses the identity address from now on, and no private one. Advertising, scanning and connecting are off for a
    /// moment. [`crate::GapEvent::AddressChanged`] reports the outcome. [`AddressChoice::Automatic`] selects the public
    /// address, and fails with Unsupported Feature (0x11) if the controller has none.
    pub fn show_identity(&mut self, choice: AddressChoice) {
        self.init.forgive(Opcode::LE_SET_RANDOM_ADDRESS);
        self.privacy.show_identity(choice);
    }

    /// Uses private addresses from now on. [`crate::GapEvent::PrivateAddressDue`] requests the first one, and
    /// [`crate::GapEvent::AddressChanged`] reports the outcome.
    pub fn show_private(&mut self) {
        self.init.forgive(Opcode::LE_SET_RANDOM_ADDRESS);
        self.try_random_again();
        self.privacy.show_private();
    }

    /// Returns whether any request is for a link, also after its link came up: the request goes on if that link fails.
    #[must_use]
    pub fn seeks_links(&self) -> bool {
        let outcome = self.initiator.outcome();
        let connecting = outcome.is_some_and(|outcome| !matches!(outcome, Connecting::Ended(_)));
        connecting || self.initiator.is_busy() || self.advertiser.seeks_links()
    }

    /// Lets a new request of the host for random octets try the command once, if earlier ones had no answer.
    pub fn try_random_again(&mut self) {
        self.init.forgive(Opcode::LE_RAND);
    }

    /// Lets a new request try once a command that an earlier request failed for.
    fn try_again(&mut self) {
        self.init.forgive_requests();
        if self.privacy.failure().is_some() {
            self.try_random_again();
        }
        self.privacy.try_again();
    }

    /// Records that no private address could be generated. After two failures in a row, requests that wait for one fail
    /// with this status.
    pub const fn private_address_failed(&mut self, status: Status) {
        self.privacy.failed(status);
    }

    /// Sets the peers whose private addresses the controller resolves, as far as it can; `local` is our own identity
    /// resolving key. Advertising, scanning and connecting are off for a moment while the controller's list changes.
    ///
    /// # Errors
    ///
    /// [`TooManyPeers`] if the host has fewer entries.
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

    /// Sets the accept list. Its users are off while the controller's list changes.
    ///
    /// # Errors
    ///
    /// [`TooManyPeers`] if the host has fewer entries.
    pub fn set_accept_list(&mut self, peers: &[Address]) -> Result<(), TooManyPeers> {
        self.list.request(peers)
    }

    /// Panics if a request can never make progress. Call it when [`Self::poll_command`] has just written nothing, and
    /// no command is in flight.
    #[cfg(any(test, feature = "std"))]
    #[doc(hidden)]
    pub fn check_progress(&mut self) {
        let Some(info) = self.init.info() else { return };
        let hold = self.resolving.holds(info) || self.privacy.holds();
        let list = self.list.state(info);
        let gate = Gate::new(list, &self.resolving, hold, self.full);
        if self.sent.is_none() && self.refused.is_empty() {
            self.advertiser.check_progress(gate);
            self.initiator.check_progress(gate);
            let scans = self.scanner.is_on() || self.scanner.waits(gate.list());
            let paused = gate.holds() || self.initiator.is_busy();
            assert!(scans || paused, "no progress of {:?}", self.scanner);
        }
    }
}
