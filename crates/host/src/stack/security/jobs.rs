//! What pairing and bonds need and the stack cannot do: random numbers, P-256, the store.

use bindrune_smp::{Bond, Job, JobDone, Ticket};
use embassy_time::Instant;

use crate::{
    RecordId,
    stack::{LinkRef, Stack},
    waiters::LinkKey,
};

/// Octets of the longest record of a store.
pub(crate) const RECORD_MAX: usize = Bond::SIZE;

/// Whose job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "made once pairing and bonds are wired in")]
pub(crate) enum JobTicket {
    /// The pairing of a link.
    Link(LinkRef, Ticket),
}

/// What the store has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "made once pairing and bonds are wired in")]
pub(crate) enum BondJob {
    /// Hand all records to [`Stack::handle_record`].
    Load,
    /// Keep so many octets of the record.
    Store(RecordId, usize),
    /// Forget the record.
    Delete(RecordId),
}

impl Stack {
    /// The next job; its result goes to [`Self::handle_job`]. [`HostKey::Job`](crate::waiters::HostKey) is marked when there
    /// may be one.
    pub(crate) fn poll_job(&mut self) -> Option<(JobTicket, Job)> {
        None
    }

    /// A job is done.
    pub(crate) fn handle_job(&mut self, now: Instant, ticket: JobTicket, _done: JobDone) {
        self.now = now;
        let JobTicket::Link(link, _) = ticket;
        self.ready.link(link.index, LinkKey::Security);
    }

    /// The next job of the store, at most one at a time; a record to store is in `record`. Its result goes to
    /// [`Self::handle_bond_job`]. [`HostKey::BondJob`](crate::waiters::HostKey) is marked when there may be one.
    pub(crate) fn poll_bond_job(&mut self, _record: &mut [u8; RECORD_MAX]) -> Option<BondJob> {
        None
    }

    /// A record that the store has.
    pub(crate) fn handle_record(&mut self, _id: RecordId, _record: &[u8]) {}

    /// The job of the store is done.
    pub(crate) fn handle_bond_job(&mut self, now: Instant, _result: Result<(), ()>) {
        self.now = now;
    }
}
