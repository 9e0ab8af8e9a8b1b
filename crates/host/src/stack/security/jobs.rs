//! Jobs of pairing and bonds that the stack gives to the shell: random numbers, P-256, the store.

use core::task::Poll;

use bindrune_smp::{Bond, Job, JobDone, Key, LocalKey, LocalOob, Pairing, Record, Ticket};

use super::table::Out;
use crate::{
    Error, RecordId,
    stack::{LinkRef, Stack, privacy::Secret},
    waiters::{Due, HostKey},
};

/// Bytes of the longest record of a store.
pub(crate) const RECORD_MAX: usize = Bond::SIZE;

/// The owner of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobTicket {
    /// The pairing of a link.
    Link(LinkRef, Ticket),
    /// The host's own out-of-band data.
    Oob,
    /// The host's own key or private address.
    Private(Secret),
    /// The challenges of the controller, which take all random octets.
    Seed,
}

/// A job of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BondJob {
    /// Hand all records to [`Stack::handle_record`].
    Load,
    /// Store this many bytes of the record.
    Store(RecordId, usize),
    /// Delete the record.
    Delete(RecordId),
}

/// The host's own out-of-band data. [Vol 3] Part H, 2.3.5.6.4
#[derive(Debug)]
pub(super) enum Oob {
    None,
    /// A key pair must be made.
    Wanted,
    /// The key pair is made; a random number is still missing.
    Keyed(LocalKey),
    Ready(LocalOob),
    Failed,
}

/// The random number and the confirm value that the application passes on to the peer.
pub(crate) type OobData = ([u8; 16], [u8; 16]);

impl Oob {
    /// Returns the data that the application passed on to the peer.
    pub(super) fn local(&self) -> Option<LocalOob> {
        match self {
            Self::Ready(oob) => Some(oob.clone()),
            Self::None | Self::Wanted | Self::Keyed(_) | Self::Failed => None,
        }
    }

    fn after(self, done: JobDone) -> Self {
        match (self, done) {
            (Self::Wanted, JobDone::KeyPair(key)) => Self::Keyed(key),
            (Self::Keyed(key), JobDone::Random(random)) => {
                Self::Ready(LocalOob { key, random: Key::new(random) })
            }
            // This result belongs to an earlier request, which the newer one replaced.
            (before @ Self::Wanted, JobDone::Random(_)) => before,
            (before @ (Self::None | Self::Ready(_) | Self::Failed), _) => before,
            (Self::Wanted | Self::Keyed(_), _) => Self::Failed,
        }
    }
}

impl Stack {
    /// Returns the next job. Its result goes to [`Self::handle_job`]. [`Due::JOB`] is marked when there may be one.
    #[inline(never)]
    pub(crate) fn poll_job(&mut self) -> Option<(JobTicket, Job)> {
        for index in 0..self.link_slots() {
            let Some(slot) = self.links.get(usize::from(index)).filter(|l| l.is_up()) else {
                continue;
            };
            let link = slot.reference(index);
            if let Some((ticket, job)) = self.pairing_mut(index).and_then(Pairing::poll_job) {
                return Some((JobTicket::Link(link, ticket), job));
            }
        }
        match self.security.oob.first() {
            Some(Oob::Wanted) => Some((JobTicket::Oob, Job::KeyPair)),
            Some(Oob::Keyed(_)) => Some((JobTicket::Oob, Job::Random)),
            Some(Oob::None | Oob::Ready(_) | Oob::Failed) | None => self.private_job(),
        }
    }

    /// Returns the next job of private addresses, once the store is loaded.
    fn private_job(&self) -> Option<(JobTicket, Job)> {
        let known = self.security.bonds.is_loaded();
        let lasting = !self.security.bonds.is_unreadable();
        known.then(|| self.privacy.poll_job(lasting)).flatten()
    }

    /// Takes the result of a job.
    #[inline(never)]
    pub(crate) fn handle_job(&mut self, ticket: JobTicket, done: &JobDone) {
        let now = self.now;
        match ticket {
            JobTicket::Link(link, ticket) => {
                if self.link(link).is_ok()
                    && let Some(pairing) = self.pairing_mut(link.index)
                {
                    pairing.handle_job(now, ticket, done);
                    self.pairing_changed(now, link.index);
                }
            }
            JobTicket::Oob => self.oob_done(done),
            JobTicket::Seed => {}
            JobTicket::Private(secret) => self.private_job_done(now, secret, done),
        }
        self.ready.run(Due::JOB);
    }

    fn oob_done(&mut self, done: &JobDone) {
        if let Some(oob) = self.security.oob.first_mut() {
            *oob = core::mem::replace(oob, Oob::None).after(done.clone());
        }
        self.ready.host(HostKey::Bonds);
    }

    /// Makes new out-of-band data, which later pairings use.
    pub(crate) fn make_oob(&mut self) {
        self.security.oob.fill_with(|| Oob::Wanted);
        self.ready.run(Due::JOB);
    }

    /// Returns the out-of-band data once they are made: the random number and the confirm value.
    pub(crate) fn poll_oob(&mut self) -> Poll<Result<OobData, Error>> {
        match self.security.oob.first() {
            Some(Oob::Ready(oob)) => Poll::Ready(Ok((*oob.random.octets(), oob.confirm()))),
            Some(Oob::None | Oob::Failed) | None => Poll::Ready(Err(Error::Unsupported)),
            Some(Oob::Wanted | Oob::Keyed(_)) => Poll::Pending,
        }
    }

    /// Returns the next job of the store, at most one at a time. Writes a record to store to `record`. The result goes
    /// to [`Self::handle_bond_job`]. [`Due::BOND_JOB`] is marked when there may be one.
    #[inline(never)]
    pub(crate) fn poll_bond_job(&mut self, record: &mut [u8; RECORD_MAX]) -> Option<BondJob> {
        let bonds = &mut self.security.bonds;
        if bonds.out.is_some() {
            return None;
        }
        if !bonds.is_loaded() {
            bonds.out = Some(Out::Load);
            return Some(BondJob::Load);
        }
        if bonds.is_unreadable() {
            return None;
        }
        if let Some(len) = self.privacy.poll_record(record) {
            bonds.out = Some(Out::Local);
            return Some(BondJob::Store(RecordId::Local, len));
        }
        if let Some(peer) = bonds.next_unwanted() {
            bonds.out = Some(Out::Unwanted(peer));
            return Some(BondJob::Delete(RecordId::Peer(peer)));
        }
        if let Some((place, id)) = bonds.next_doomed() {
            bonds.out = Some(Out::Delete(place));
            return Some(BondJob::Delete(id));
        }
        if let Some((link, id)) = self.next_made(record) {
            self.security.bonds.out = Some(Out::Link(link));
            return Some(BondJob::Store(id, Bond::SIZE));
        }
        let bonds = &mut self.security.bonds;
        if let Some(bond) = &bonds.orphan {
            bond.write(record);
            bonds.out = Some(Out::Orphan);
            return Some(BondJob::Store(RecordId::Peer(bond.peer()), Bond::SIZE));
        }
        if let Some((place, id)) = bonds.next_dirty(record) {
            bonds.out = Some(Out::Store(place));
            return Some(BondJob::Store(id, Bond::SIZE));
        }
        let (ticket, job) = self.classic_bond_job(record)?;
        self.security.bonds.out = Some(Out::Classic(ticket));
        Some(job)
    }

    /// Returns whether the store will get this device's own record.
    pub(in crate::stack) fn has_unsaved_record(&self) -> bool {
        let bonds = &self.security.bonds;
        self.privacy.is_unsaved() && bonds.is_loaded() && !bonds.is_unreadable()
    }

    /// Writes the next bond that a link has made to `record`. Returns its name. If another link took the last place
    /// meanwhile, fails the pairing.
    fn next_made(&mut self, record: &mut [u8; RECORD_MAX]) -> Option<(LinkRef, RecordId)> {
        for index in 0..self.link_slots() {
            let Some(slot) = self.links.get(usize::from(index)).filter(|l| l.is_up()) else {
                continue;
            };
            let Some(bond) = self.security.storing(&slot.protection) else { continue };
            let link = slot.reference(index);
            match self.may_keep(index, bond) {
                Ok(()) => {
                    bond.write(record);
                    return Some((link, RecordId::Peer(bond.peer())));
                }
                Err(failure) => self.drop_bond(index, failure),
            }
        }
        None
    }

    /// Takes a record that the store has. Returns false if the record is refused: it is damaged, is stored under
    /// another identity, or has no place.
    pub(crate) fn handle_record(&mut self, id: RecordId, record: &[u8]) -> bool {
        if id == RecordId::Local {
            return self.privacy.handle_record(record);
        }
        if let RecordId::Classic(peer) = id {
            return self.load_classic_bond(peer, record);
        }
        // A record counts only under its own identity, so that no peer has two bonds.
        let bond = Record::read(record).ok().filter(|bond| id == RecordId::Peer(bond.peer()));
        bond.is_some_and(|bond| self.security.bonds.load(&bond))
    }

    /// Takes the result of the store's job.
    #[inline(never)]
    pub(crate) fn handle_bond_job(&mut self, result: Result<(), ()>) {
        let now = self.now;
        match self.security.bonds.out.take() {
            None => {}
            Some(Out::Load) => {
                match result {
                    Ok(()) => self.security.bonds.set_loaded(),
                    Err(()) => self.bonds_unreadable(now),
                }
                self.bonds_known(now);
            }
            Some(Out::Local) => self.privacy.saved(),
            Some(Out::Link(link)) => self.bond_stored(link, result),
            Some(Out::Orphan) => {
                if let Some(bond) = self.security.bonds.orphan.take()
                    && result.is_ok()
                {
                    let _place = self.security.bonds.put(&bond);
                }
                self.bonds_known(now);
            }
            Some(Out::Rejected(peer)) => self.security.bonds.take_back(peer),
            Some(Out::Unwanted(_)) => {}
            // A record that could not be stored is tried again at its next change.
            Some(Out::Store(_)) => {}
            Some(Out::Delete(place)) => self.security.bonds.forgotten(place, result.is_ok()),
            Some(Out::Classic(ticket)) => self.classic_bond_done(ticket, result.is_ok()),
        }
        self.request_resolving();
        self.continue_shutdown(now);
        self.ready.run(Due::JOB);
        self.ready.run(Due::BOND_JOB);
        self.ready.host(HostKey::Bonds);
    }
}

#[cfg(test)]
mod tests {
    use bindrune_smp::{PrivateKey, crypto};

    use super::*;

    #[test]
    fn out_of_band_data_is_made_even_if_it_is_requested_twice() {
        let key = crypto::key_pair(PrivateKey::new([1; 32])).unwrap();
        let keyed = Oob::Wanted.after(JobDone::KeyPair(key.clone()));
        assert!(matches!(keyed, Oob::Keyed(_)));
        // Another request arrives while the random number is made.
        let wanted = Oob::Wanted.after(JobDone::Random([2; 16]));
        let ready = wanted.after(JobDone::KeyPair(key)).after(JobDone::Random([3; 16]));
        assert_eq!(ready.local().map(|oob| oob.random), Some(Key::new([3; 16])));
        assert!(matches!(Oob::Wanted.after(JobDone::Failed), Oob::Failed));
    }
}
