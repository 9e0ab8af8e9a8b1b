//! Replacements for machines that were left out: each does nothing and never sends a command.

mod privacy;

use core::marker::PhantomData;

use bindrune_hci::{
    Opcode, Status,
    cmd::SupportedCommands,
    event::{AdvertisingReport, ExtendedAdvertisingReport},
};
use bindrune_wire::{Address, Writer, time::Instant};

use crate::{
    Asked, Connect, ConnectEnd, Connecting, ControllerInfo, Report, Scan, ScanEnd, TooManyPeers,
    accept_list::ListState, advertise::Gate, connect, scan,
};
pub(crate) use privacy::{Privacy, ResolvingList};

/// Replaces a caller's request to a link: no caller waits for an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<T> {
    wanted: bool,
    answer: PhantomData<T>,
}

impl<T: Copy> Call<T> {
    pub(crate) const IDLE: Self = Self { wanted: false, answer: PhantomData };

    pub(crate) const fn ask(&mut self) -> Asked {
        self.wanted = true;
        Asked(0)
    }

    pub(crate) const fn is_wanted(&self) -> bool {
        self.wanted
    }

    pub(crate) const fn start(&mut self) {
        self.wanted = false;
    }

    pub(crate) const fn finish(&mut self, _result: Result<T, Status>) {}

    pub(crate) const fn refuse(&mut self, _status: Status) {
        self.wanted = false;
    }

    pub(crate) const fn answer(&self, _asked: Asked) -> Option<Result<T, Status>> {
        None
    }
}

/// Replaces the record of commands without an answer: each command is sent whenever it is needed.
#[derive(Debug)]
pub(crate) struct Avoided;

impl Avoided {
    pub(crate) const NONE: Self = Self;

    pub(crate) const fn unanswered(&mut self, _now: Instant, _opcode: Opcode, _asked: bool) {}

    pub(crate) const fn avoids(&self, _opcode: Opcode) -> bool {
        false
    }

    pub(crate) const fn forgive(&mut self, _opcode: Opcode, _commands: &mut SupportedCommands) {}

    pub(crate) const fn answered(&mut self, _opcode: Opcode) {}

    pub(crate) const fn remove_from(&mut self, _commands: &mut SupportedCommands) {}

    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    pub(crate) const fn handle_timeout(
        &mut self,
        _now: Instant,
        _commands: &mut SupportedCommands,
    ) {
    }
}

/// Replaces the scanner.
#[derive(Debug)]
pub(crate) struct Scanner;

impl Scanner {
    pub(crate) const fn new(_memory: &'static mut [u8]) -> Self {
        Self
    }

    pub(crate) const fn reset(&mut self) {}

    pub(crate) const fn restart(&mut self) {}

    pub(crate) const fn is_on(&self) -> bool {
        false
    }

    pub(crate) const fn is_active(&self) -> bool {
        false
    }

    pub(crate) const fn outcome(&self) -> Option<Result<(), ScanEnd>> {
        None
    }

    pub(crate) const fn uses_list(&self) -> bool {
        false
    }

    pub(crate) const fn request(&mut self, _scan: Scan) {}

    pub(crate) const fn release(&mut self) {}

    pub(crate) const fn withdraw(&mut self) {}

    pub(crate) const fn seek(&mut self, _on: bool) {}

    pub(crate) const fn poll_seek_failed(&mut self) -> Option<Status> {
        None
    }

    pub(crate) const fn poll_command(
        &mut self,
        _info: &ControllerInfo,
        _list: ListState,
        _pause: bool,
        _w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        None
    }

    pub(crate) const fn fail_all(&mut self, _status: Status) {}

    pub(crate) const fn answered(&mut self, _now: Instant, _status: Status) {}

    pub(crate) const fn poll_ended(&mut self) -> Option<ScanEnd> {
        None
    }

    pub(crate) const fn legacy_report(&mut self, _now: Instant, _report: &AdvertisingReport<'_>) {}

    pub(crate) const fn extended_report(
        &mut self,
        _now: Instant,
        _report: &ExtendedAdvertisingReport<'_>,
    ) {
    }

    pub(crate) const fn waits(&self, _list: ListState) -> bool {
        true
    }

    pub(crate) const fn next_report<'b>(&mut self, _buffer: &'b mut [u8]) -> Option<Report<'b>> {
        None
    }

    pub(crate) const fn has_report(&self) -> bool {
        false
    }

    pub(crate) const fn lost(&self) -> u32 {
        0
    }

    pub(crate) const fn lost_in_all(&self) -> u32 {
        0
    }

    pub(crate) const fn poll_timeout(&self) -> Option<(Instant, scan::Deadline)> {
        None
    }

    pub(crate) const fn handle_timeout(&mut self, _now: Instant) {}
}

/// Replaces the initiator.
#[derive(Debug)]
pub(crate) struct Initiator;

impl Initiator {
    pub(crate) const IDLE: Self = Self;

    pub(crate) const fn restart(&mut self) {}

    pub(crate) const fn outcome(&self) -> Option<Connecting> {
        None
    }

    pub(crate) const fn is_busy(&self) -> bool {
        false
    }

    pub(crate) const fn is_waiting(&self, _full: bool) -> bool {
        false
    }

    pub(crate) const fn uses_list(&self) -> bool {
        false
    }

    pub(crate) const fn request(&mut self, _connect: Connect, _search: bool) {}

    pub(crate) const fn release(&mut self) {}

    pub(crate) const fn awaits_established(&self) -> bool {
        false
    }

    pub(crate) const fn withdraw(&mut self) {}

    pub(crate) const fn resume(&mut self) {}

    pub(crate) const fn is_looking(&self) -> bool {
        false
    }

    pub(crate) const fn sought(&self) -> Option<Address> {
        None
    }

    pub(crate) const fn found(&mut self, _now: Instant, _peer: Address) {}

    pub(crate) const fn search_failed(&mut self, _status: Status) {}

    pub(crate) const fn list_failed(&mut self, _status: Status) {}

    pub(crate) const fn request_failed(&mut self, _status: Status) {}

    pub(crate) const fn settle(&mut self, _now: Instant, _full: bool) {}

    pub(crate) const fn poll_command(
        &mut self,
        _now: Instant,
        _info: &ControllerInfo,
        _gate: Gate<'_>,
        _w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        None
    }

    pub(crate) const fn answered(&mut self, _now: Instant, _status: Status) {}

    pub(crate) const fn put_off(&mut self) {}

    /// Returns false: no request exists for a link in the central role.
    pub(crate) const fn linked(&mut self) -> bool {
        false
    }

    pub(crate) const fn failed(&mut self, _status: Status) {}

    pub(crate) const fn poll_began(&mut self) -> bool {
        false
    }

    pub(crate) const fn poll_ended(&mut self) -> Option<ConnectEnd> {
        None
    }

    pub(crate) const fn poll_timeout(&self) -> Option<(Instant, connect::Deadline)> {
        None
    }

    pub(crate) const fn handle_timeout(&mut self, _now: Instant) {}

    #[cfg(any(test, feature = "std"))]
    pub(crate) const fn check_progress(&self, _gate: Gate<'_>) {}
}

/// Replaces the accept list, which cannot be set.
#[derive(Debug)]
pub(crate) struct AcceptList;

impl AcceptList {
    pub(crate) const EMPTY: Self = Self;

    pub(crate) const fn restart(&mut self) {}

    pub(crate) const fn request(&mut self, _peers: &[Address]) -> Result<(), TooManyPeers> {
        Err(TooManyPeers { max: 0 })
    }

    /// Fails requests that use the list.
    pub(crate) const fn state(&self, _info: &ControllerInfo) -> ListState {
        ListState::Failed(Status::UNSUPPORTED_FEATURE)
    }

    pub(crate) const fn retry(&mut self) {}

    pub(crate) const fn poll_command(
        &mut self,
        _info: &ControllerInfo,
        _w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        None
    }

    pub(crate) const fn answered(&mut self, _status: Status) {}
}
