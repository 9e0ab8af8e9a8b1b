//! The DLCs of all sessions, and the calls of the application.

use core::fmt;

use bindrune_wire::{counters, time::Instant};

use crate::{
    Break, Changes, Dlc, Dlci, LineStatus, MIN_FRAME_SIZE, ModemStatus, PortSettings, SessionId,
    State,
    dlc::{Command, Replies},
};

counters! {
    /// What was discarded since the start or [`Dlcs::reset`]. Without the feature `statistics`, all are 0.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Drops from Counters {
        /// Frames and messages with a malformed field or a wrong FCS.
        malformed,
        /// Frames and messages that the state or the role of the session does not allow.
        unexpected,
        /// Frames and messages to a DLCI without a DLC.
        stray,
        /// Requests of a peer that no slot was free for.
        no_slot,
        /// DLCs that were closed because the peer broke a rule.
        violations,
        /// Bytes that were taken from the application and not sent.
        unsent,
        /// Bytes that were received and not read.
        unread,
    }
}

/// The DLCs of all sessions. The index of its slot names a DLC.
///
/// - Getters: [`Self::get`], [`Self::requested`], [`Self::drops`].
/// - Changes, after any input: [`Self::poll_change`].
/// - Listeners: [`Self::listen`], [`Self::accept`], [`Self::refuse`].
/// - Data: [`Self::send`], [`Self::recv`].
/// - The port: [`Self::set_modem`], [`Self::send_break`], [`Self::take_break`], [`Self::report_line`],
///   [`Self::take_line`], [`Self::set_port`].
/// - The end: [`Self::close`], [`Self::release`].
///
/// [`crate::Session::open`] opens a DLC. After each call, the session may have frames to send.
pub struct Dlcs {
    slots: &'static mut [Dlc],
    /// One bit for each server channel that has a listener.
    listening: u32,
    /// Most slots of one session that the application has not accepted.
    share: usize,
    pub(crate) counters: Counters,
}

impl Dlcs {
    /// Creates the DLCs in `slots`. The peer of one session has at most `share` of them at once that the application
    /// has not accepted.
    pub const fn new(slots: &'static mut [Dlc], share: usize) -> Self {
        Self { slots, listening: 0, share, counters: Counters::ZERO }
    }

    /// Frees every slot, and removes every listener.
    pub fn reset(&mut self) {
        for dlc in self.slots.iter_mut() {
            dlc.free();
            dlc.changes = Changes::empty();
            let _ = dlc.take_lost();
        }
        (self.listening, self.counters) = (0, Counters::ZERO);
    }

    /// Returns the DLC in slot `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Dlc> {
        self.slots.get(index)
    }

    /// Returns the number of slots, free or not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns whether there are no slots.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns all slots.
    pub fn iter(&self) -> impl Iterator<Item = &Dlc> {
        self.slots.iter()
    }

    /// Returns what was discarded.
    #[must_use]
    pub fn drops(&self) -> Drops {
        self.counters.read()
    }

    /// Takes the changes of one slot, or returns `None` if nothing changed.
    pub fn poll_change(&mut self) -> Option<(usize, Changes)> {
        let mut slots = self.slots.iter_mut().enumerate();
        let (index, dlc) = slots.find(|(_, dlc)| !dlc.changes.is_empty())?;
        Some((index, core::mem::take(&mut dlc.changes)))
    }

    /// Starts or stops to take requests for the server channel `channel`, 1 to 30. Peers that request another one are
    /// refused at once. Returns false if there is no such channel.
    pub const fn listen(&mut self, channel: u8, on: bool) -> bool {
        if channel == 0 || channel > 30 {
            return false;
        }
        let bit = 1 << channel;
        self.listening = if on { self.listening | bit } else { self.listening & !bit };
        true
    }

    /// Returns whether requests for the server channel `channel` are taken.
    #[must_use]
    pub const fn is_listening(&self, channel: u8) -> bool {
        channel < 31 && self.listening & (1 << channel) != 0
    }

    /// Returns the request for the server channel `channel` that has waited longest for a decision.
    #[must_use]
    pub fn requested(&self, channel: u8) -> Option<usize> {
        let waits = |dlc: &Dlc| dlc.channel() == channel && dlc.state == State::Requested;
        let waiting = self.slots.iter().enumerate().filter(|(_, dlc)| waits(dlc));
        waiting.min_by_key(|(_, dlc)| dlc.since).map(|(index, _)| index)
    }

    /// Accepts a requested DLC; false if it is no longer requested. The application holds it from now on.
    ///
    /// The application has 60 s from the request to decide, for example until the link is encrypted.
    pub fn accept(&mut self, now: Instant, index: usize) -> bool {
        self.with(index, |dlc| {
            let requested = dlc.state == State::Requested;
            if requested {
                dlc.held = true;
                dlc.replies |= Replies::UA;
                dlc.opened(now);
            }
            requested
        })
    }

    /// Refuses a requested DLC; false if it is no longer requested.
    pub fn refuse(&mut self, index: usize) -> bool {
        self.with(index, |dlc| {
            let requested = dlc.state == State::Requested;
            if requested {
                dlc.refuse();
            }
            requested
        })
    }

    /// Takes as much of `bytes` as the send ring has room for, and returns how much that is. It is 0 unless the DLC is
    /// open.
    pub fn send(&mut self, index: usize, bytes: &[u8]) -> usize {
        self.with(index, |dlc| if dlc.is_open() { dlc.tx.write(bytes) } else { 0 })
    }

    /// Moves received bytes to `buffer`, and returns their number. Bytes that arrived before the end can be read
    /// after it.
    pub fn recv(&mut self, index: usize, buffer: &mut [u8]) -> usize {
        self.with(index, |dlc| if dlc.held { dlc.rx.read(buffer) } else { 0 })
    }

    /// Sets our modem status, which the peer gets if it changed. Flow control (FC) is not part of it.
    pub fn set_modem(&mut self, index: usize, status: ModemStatus) {
        self.with(index, |dlc| dlc.modem.own = status.difference(ModemStatus::FC));
    }

    /// Sends a break.
    pub fn send_break(&mut self, index: usize, signal: Break) {
        self.with(index, |dlc| {
            if dlc.is_open() {
                dlc.modem.own_break = Some(signal);
            }
        });
    }

    /// Takes the last break of the peer.
    pub fn take_break(&mut self, index: usize) -> Option<Break> {
        self.with(index, |dlc| dlc.modem.peer_break.take())
    }

    /// Takes the last report of the peer's line status.
    pub fn take_line(&mut self, index: usize) -> Option<LineStatus> {
        self.with(index, |dlc| dlc.port.new_line.take())
    }

    /// Reports our line status to the peer: [`Changes::REPORTED`] follows the answer, or 20 s without one. Returns
    /// false if the DLC is not open, or another report or negotiation is not answered yet.
    pub fn report_line(&mut self, index: usize, status: LineStatus) -> bool {
        self.command(index, Command::Line(status))
    }

    /// Requests new port settings, or with `None` the peer's current ones. [`Changes::PORT`] follows the answer, or
    /// 20 s without one. Returns false if the DLC is not open, or another report or negotiation is not answered yet.
    pub fn set_port(&mut self, index: usize, settings: Option<PortSettings>) -> bool {
        self.command(index, Command::Port(settings))
    }

    fn command(&mut self, index: usize, command: Command) -> bool {
        self.with(index, |dlc| {
            let may = dlc.is_open() && dlc.port.command.is_none();
            if may {
                (dlc.port.command, dlc.port.timed_out) = (Some((command, None)), false);
                dlc.port.is_taken = true;
            }
            may
        })
    }

    /// Records that the caller of the last report or negotiation has its result, or does not want it. With
    /// [`Dlc::is_port_taken`], several callers take turns, and each gets its own result.
    pub fn end_command(&mut self, index: usize) {
        self.with(index, |dlc| dlc.port.is_taken = false);
    }

    /// Closes a DLC after the data in its send ring was sent. If the peer takes no data for 20 s, the rest is
    /// discarded. The application still holds the DLC and may read received data.
    pub fn close(&mut self, now: Instant, index: usize) {
        self.with(index, |dlc| dlc.close(now));
    }

    /// Releases a DLC: closes it if needed, and discards its received data. The slot becomes free once the peer knows.
    pub fn release(&mut self, now: Instant, index: usize) {
        self.with(index, |dlc| {
            dlc.close(now);
            dlc.held = false;
            dlc.discard_unread();
            if matches!(dlc.state, State::Closed(_)) {
                dlc.free();
            }
        });
    }

    /// Returns the live slot of `dlci` in `session`.
    pub(crate) fn find(&self, session: SessionId, dlci: Dlci) -> Option<usize> {
        self.slots.iter().position(|dlc| dlc.session == session && dlc.is(dlci))
    }

    /// Returns whether the peer of `session` may have one more DLC that the application has not accepted.
    pub(crate) fn admits(&self, session: SessionId) -> bool {
        let of = |dlc: &&Dlc| dlc.session == session && dlc.state != State::Free && !dlc.held;
        self.slots.iter().filter(of).count() < self.share
    }

    /// Takes a free slot for `dlci`.
    pub(crate) fn allot(&mut self, session: SessionId, dlci: Dlci) -> Option<usize> {
        let least = usize::from(MIN_FRAME_SIZE);
        let is_usable = |dlc: &Dlc| dlc.rx.capacity() >= least && dlc.tx.capacity() > 0;
        let index = self.slots.iter().position(|d| d.state == State::Free && is_usable(d))?;
        self.with(index, |dlc| {
            dlc.session = session;
            dlc.dlci = dlci;
            dlc.generation = dlc.generation.wrapping_add(1);
            dlc.changes = Changes::empty();
        });
        Some(index)
    }

    /// Returns the slots of `session` that are live, each with its index.
    pub(crate) fn of(&self, session: SessionId) -> impl Iterator<Item = (usize, &Dlc)> {
        let is = move |dlc: &&Dlc| dlc.session == session && dlc.is_live();
        self.slots.iter().enumerate().filter(move |(_, dlc)| is(dlc))
    }

    /// Changes each live slot of `session`.
    pub(crate) fn each(&mut self, session: SessionId, mut change: impl FnMut(&mut Dlc)) {
        for index in 0..self.slots.len() {
            let is = |dlc: &&Dlc| dlc.session == session && dlc.is_live();
            if self.slots.get(index).filter(is).is_some() {
                self.with(index, &mut change);
            }
        }
    }

    /// Changes one slot, and counts what it discarded.
    pub(crate) fn with<R: Default>(
        &mut self,
        index: usize,
        change: impl FnOnce(&mut Dlc) -> R,
    ) -> R {
        let Some(dlc) = self.slots.get_mut(index) else { return R::default() };
        let result = change(dlc);
        let lost = dlc.take_lost();
        self.counters.unsent.add(lost.unsent);
        self.counters.unread.add(lost.unread);
        result
    }
}

impl fmt::Debug for Dlcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.slots.iter().filter(|dlc| dlc.is_live()).count();
        write!(f, "Dlcs({live} of {} live)", self.slots.len())
    }
}
