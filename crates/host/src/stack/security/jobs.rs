//! What pairing and bonds need and the stack cannot do: random numbers, P-256, the store.

use core::task::Poll;

use bindrune_smp::{Bond, Job, JobDone, Key, LocalKey, LocalOob, Pairing, Ticket};
use bindrune_wire::Writer;
use embassy_time::Instant;

use super::table::Out;
use crate::{
    Error, RecordId,
    stack::{LinkRef, Stack, privacy::Secret},
    waiters::{Due, HostKey},
};

/// Octets of the longest record of a store.
pub(crate) const RECORD_MAX: usize = Bond::SIZE;

/// Whose job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobTicket {
    /// The pairing of a link.
    Link(LinkRef, Ticket),
    /// The host's own out-of-band data.
    Oob,
    /// The host's own key or private address.
    Private(Secret),
}

/// What the store has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BondJob {
    /// Hand all records to [`Stack::handle_record`].
    Load,
    /// Keep so many octets of the record.
    Store(RecordId, usize),
    /// Forget the record.
    Delete(RecordId),
}

/// The host's own out-of-band data. [Vol 3] Part H, 2.3.5.6.4
#[derive(Debug)]
pub(super) enum Oob {
    None,
    /// A key pair is to be made.
    Wanted,
    /// The key pair is made, and a random number is to be.
    Keyed(LocalKey),
    Ready(LocalOob),
    Failed,
}

/// The random number and the confirm value that are passed on.
pub(crate) type OobData = ([u8; 16], [u8; 16]);

impl Oob {
    /// What was passed on to the peer.
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
            // The rest of what was begun before other data was asked for.
            (before @ Self::Wanted, JobDone::Random(_)) => before,
            (before @ (Self::None | Self::Ready(_) | Self::Failed), _) => before,
            (Self::Wanted | Self::Keyed(_), _) => Self::Failed,
        }
    }
}

impl Stack {
    /// The next job; its result goes to [`Self::handle_job`]. [`Due::JOB`] is marked when there may be one.
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

    /// The next job of private addresses, once the store is loaded.
    fn private_job(&self) -> Option<(JobTicket, Job)> {
        let known = self.security.bonds.is_loaded();
        let lasting = !self.security.bonds.is_unreadable();
        known.then(|| self.privacy.poll_job(lasting)).flatten()
    }

    /// A job is done.
    pub(crate) fn handle_job(&mut self, now: Instant, ticket: JobTicket, done: JobDone) {
        self.now = now;
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
            JobTicket::Private(secret) => self.private_job_done(now, secret, &done),
        }
        self.ready.run(Due::JOB);
    }

    fn oob_done(&mut self, done: JobDone) {
        if let Some(oob) = self.security.oob.first_mut() {
            *oob = core::mem::replace(oob, Oob::None).after(done);
        }
        self.ready.host(HostKey::Bonds);
    }

    /// Makes new out-of-band data; the pairings to come use it.
    pub(crate) fn make_oob(&mut self) {
        self.security.oob.fill_with(|| Oob::Wanted);
        self.ready.run(Due::JOB);
    }

    /// The out-of-band data: the random number and the confirm value.
    pub(crate) fn poll_oob(&mut self) -> Poll<Result<OobData, Error>> {
        match self.security.oob.first() {
            Some(Oob::Ready(oob)) => Poll::Ready(Ok((*oob.random.octets(), oob.confirm()))),
            Some(Oob::None | Oob::Failed) | None => Poll::Ready(Err(Error::Unsupported)),
            Some(Oob::Wanted | Oob::Keyed(_)) => Poll::Pending,
        }
    }

    /// The next job of the store, at most one at a time; a record to store is in `record`. Its result goes to
    /// [`Self::handle_bond_job`]. [`Due::BOND_JOB`] is marked when there may be one.
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
        if let Some((link, bond)) = self.next_made() {
            let (id, len) = write(&bond, record)?;
            self.security.bonds.out = Some(Out::Link(link));
            return Some(BondJob::Store(id, len));
        }
        let bonds = &mut self.security.bonds;
        if let Some(bond) = &bonds.orphan {
            let (id, len) = write(bond, record)?;
            bonds.out = Some(Out::Orphan);
            return Some(BondJob::Store(id, len));
        }
        let (place, id, len) = bonds.next_dirty(record)?;
        bonds.out = Some(Out::Store(place));
        Some(BondJob::Store(id, len))
    }

    /// The next bond that a link has made. One that another link has left no place for meanwhile fails its pairing.
    fn next_made(&mut self) -> Option<(LinkRef, Bond)> {
        for index in 0..self.link_slots() {
            let Some(slot) = self.links.get(usize::from(index)).filter(|l| l.is_up()) else {
                continue;
            };
            let Some(bond) = self.security.storing(&slot.protection).cloned() else { continue };
            let link = slot.reference(index);
            match self.may_keep(index, &bond) {
                Ok(()) => return Some((link, bond)),
                Err(failure) => self.drop_bond(index, failure),
            }
        }
        None
    }

    /// A record that the store has; false where it is not taken: it is damaged, has the name of another, or has no place.
    pub(crate) fn handle_record(&mut self, id: RecordId, record: &[u8]) -> bool {
        if id == RecordId::Local {
            return self.privacy.handle_record(record);
        }
        // Under its own name alone, so that no two bonds are of one peer.
        let bond = Bond::read(record).ok().filter(|bond| id == RecordId::Peer(bond.peer));
        bond.is_some_and(|bond| self.security.bonds.load(&bond))
    }

    /// The job of the store is done.
    pub(crate) fn handle_bond_job(&mut self, now: Instant, result: Result<(), ()>) {
        self.now = now;
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
            // What could not be kept is tried again when it changes again.
            Some(Out::Store(_)) => {}
            Some(Out::Delete(place)) => self.security.bonds.forgotten(place, result.is_ok()),
        }
        self.request_resolving();
        self.continue_shutdown(now);
        self.ready.run(Due::JOB);
        self.ready.run(Due::BOND_JOB);
        self.ready.host(HostKey::Bonds);
    }
}

fn write(bond: &Bond, record: &mut [u8; RECORD_MAX]) -> Option<(RecordId, usize)> {
    let mut w = Writer::new(record);
    bond.write(&mut w).ok()?;
    Some((RecordId::Peer(bond.peer), w.len()))
}

#[cfg(test)]
mod tests {
    use bindrune_smp::{PrivateKey, crypto};

    use super::*;

    #[test]
    fn out_of_band_data_is_made_even_if_it_is_asked_for_twice() {
        let key = crypto::key_pair(PrivateKey::new([1; 32])).unwrap();
        let keyed = Oob::Wanted.after(JobDone::KeyPair(key.clone()));
        assert!(matches!(keyed, Oob::Keyed(_)));
        // It is asked for again while the random number is made.
        let wanted = Oob::Wanted.after(JobDone::Random([2; 16]));
        let ready = wanted.after(JobDone::KeyPair(key)).after(JobDone::Random([3; 16]));
        assert_eq!(ready.local().map(|oob| oob.random), Some(Key::new([3; 16])));
        assert!(matches!(Oob::Wanted.after(JobDone::Failed), Oob::Failed));
    }
}
