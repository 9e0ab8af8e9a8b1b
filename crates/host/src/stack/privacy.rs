//! Private addresses: our own, which change, and those of bonded peers, which are resolved. [Vol 3] Part C, 10.7
//!
//! The controller resolves what its list holds; for the rest, and while the list changes, this does: at link up, in
//! reports, and when a peer is connected to by its identity.

use bindrune_gap::{Connect, ConnectEnd, RESOLVING_LIST_MAX, Report, Resolve};
use bindrune_hci::{Event, PrivacyMode, SecretKey, Status, event::ExtendedEventType};
use bindrune_smp::{Job, JobDone, Key, Local, crypto};
use bindrune_wire::{Address, Writer};
use embassy_time::{Duration, Instant};

use super::{JobTicket, RECORD_MAX, Stack, gap::Wish};
use crate::{Error, config::Privacy as Choice, waiters::HostKey};

/// What makes this device private, and whom it looks for.
#[derive(Debug)]
pub(super) struct Privacy {
    /// How long one address is used; `None` without privacy.
    rotate: Option<Duration>,
    irk: Option<Key>,
    /// The store has not the key yet.
    unsaved: bool,
    /// GAP waits for an address.
    due: bool,
    /// The random numbers failed: when they are asked for again.
    retry_at: Option<Instant>,
    seek: Option<Seek>,
}

/// A peer that is to be connected to by its identity, and that only this host can resolve.
#[derive(Clone, Copy, Debug)]
struct Seek {
    wish: Connect,
    /// When the wish has waited long enough.
    end: Option<Instant>,
    /// It was found, and is being connected to.
    found: bool,
}

/// Which random number is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The Identity Resolving Key.
    Irk,
    /// The random part of an address.
    Address,
}

/// How long to wait after a random number that failed.
const RETRY: Duration = Duration::from_secs(1);

/// How long a peer that was found is connected to before it is looked for again: it may have changed its address.
const ATTEMPT: Duration = Duration::from_secs(5);

impl Privacy {
    pub(super) const fn new(choice: Choice) -> Self {
        let rotate = match choice {
            Choice::Off => None,
            Choice::On { rotate } => Some(rotate),
        };
        Self { rotate, irk: None, unsaved: false, due: false, retry_at: None, seek: None }
    }

    /// What bonded peers get to know this device by; zeros where it has no private addresses.
    pub(super) fn irk(&self) -> Key {
        let key = self.irk.clone().filter(|_| self.rotate.is_some());
        key.unwrap_or(Key::new([0; 16]))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let end = self.seek.and_then(|seek| seek.end);
        self.retry_at.into_iter().chain(end).min()
    }

    /// The random number that is wanted. The key is in the store before an address is made of it, where `lasting`: with a
    /// store that cannot be read, the key lives until one can be.
    pub(super) fn poll_job(&self, lasting: bool) -> Option<(JobTicket, Job)> {
        let secret = if self.irk.is_none() { Secret::Irk } else { Secret::Address };
        let wanted = self.due && !(self.unsaved && lasting) && self.retry_at.is_none();
        wanted.then_some((JobTicket::Private(secret), Job::Random))
    }

    /// Writes the record of this device, where the store has it not.
    pub(super) fn poll_record(&self, record: &mut [u8; RECORD_MAX]) -> Option<usize> {
        let irk = self.irk.clone().filter(|_| self.unsaved)?;
        let mut w = Writer::new(record);
        Local { irk, address: None }.write(&mut w).ok()?;
        Some(w.len())
    }

    /// The record is kept, or cannot be: then the key lives as long as the host.
    pub(super) const fn saved(&mut self) {
        self.unsaved = false;
    }

    /// The store has a record of this device; false where it cannot be read.
    pub(super) fn handle_record(&mut self, record: &[u8]) -> bool {
        let Ok(local) = Local::read(record) else { return false };
        if (self.irk.is_none() || self.unsaved) && !local.irk.is_zero() {
            (self.irk, self.unsaved) = (Some(local.irk), false);
        }
        true
    }
}

/// Our own address.
impl Stack {
    /// GAP wants another private address.
    pub(super) fn private_address_due(&mut self) {
        self.privacy.due = true;
        self.ready.host(HostKey::Job);
    }

    /// A random number is there.
    pub(super) fn private_job_done(&mut self, now: Instant, secret: Secret, done: &JobDone) {
        let JobDone::Random(random) = done else {
            self.privacy.retry_at = now.checked_add(RETRY);
            return self.deadlines_changed();
        };
        match secret {
            Secret::Irk if self.privacy.irk.is_none() => {
                self.privacy.irk = Some(Key::new(*random));
                self.privacy.unsaved = self.security.bonds.places() > 0;
                self.ready.host(HostKey::BondJob);
                self.wish_resolving();
            }
            Secret::Irk => {}
            Secret::Address => self.change_address(now, random),
        }
        self.ready.host(HostKey::Job);
    }

    fn change_address(&mut self, now: Instant, [a, b, c, ..]: &[u8; 16]) {
        let (Some(irk), Some(rotate)) = (&self.privacy.irk, self.privacy.rotate) else { return };
        // Of the random part one bit at least is 0 and one is 1. [Vol 6] Part B, 1.3.2.2
        let prand = match [*a, *b, c & 0x3f] {
            [0, 0, 0] => [1, 0, 0],
            [0xff, 0xff, 0x3f] => [0xfe, 0xff, 0x3f],
            prand => prand,
        };
        let until = now.checked_add(rotate).unwrap_or(Instant::MAX);
        self.gap.set_private_address(crypto::resolvable(irk, prand), until);
        self.privacy.due = false;
        self.ready.host(HostKey::Transmit);
        self.deadlines_changed();
    }

    pub(super) fn privacy_timeout(&mut self, now: Instant) {
        if self.privacy.retry_at.take_if(|at| *at <= now).is_some() {
            self.ready.host(HostKey::Job);
        }
        if self.privacy.seek.is_some_and(|seek| seek.end.is_some_and(|end| end <= now)) {
            self.stop_seeking();
            self.gap.stop_connecting();
            self.connect_ended(Error::Timeout);
        }
    }
}

/// The addresses of peers.
impl Stack {
    /// Tells GAP whose addresses the controller is to resolve: bonded peers that gave their key.
    pub(super) fn wish_resolving(&mut self) {
        let irk = *self.privacy.irk().octets();
        let mut all = [None; RESOLVING_LIST_MAX];
        let mut free = all.iter_mut();
        for (place, bond) in self.security.bonds.iter() {
            let Some(key) = bond.keys.peer_irk.as_ref().filter(|irk| !irk.is_zero()) else {
                continue;
            };
            // A controller takes each key once, and only for an identity; this host resolves the rest.
            if bond.peer.is_identity() && self.security.bonds.is_first_with_key(place, &bond) {
                let irk = SecretKey(*key.octets());
                let resolve = Resolve { peer: bond.peer, irk, mode: PrivacyMode::DEVICE };
                let Some(slot) = free.next() else { break };
                *slot = Some(resolve);
            }
        }
        let none = Resolve {
            peer: Address::public([0; 6]),
            irk: SecretKey([0; 16]),
            mode: PrivacyMode::DEVICE,
        };
        let count = all.iter().flatten().count();
        let all = all.map(|peer| peer.unwrap_or(none));
        let fits = self.gap.set_resolving_list(SecretKey(irk), all.get(..count).unwrap_or(&[]));
        debug_assert!(fits.is_ok(), "no more peers were taken than the list holds");
        self.ready.host(HostKey::Transmit);
    }

    /// The bonded device that uses this private address.
    fn resolve(&self, address: Address) -> Option<Address> {
        let found = address.is_resolvable().then(|| self.security.bonds.of_address(address));
        found.flatten().map(|(_, bond)| bond.peer)
    }

    /// A report, with the identity of a bonded device in place of its private address.
    pub(super) fn resolved<'b>(&self, mut report: Report<'b>) -> Report<'b> {
        if let Some(identity) = report.address.and_then(|address| self.resolve(address)) {
            report.address = Some(identity);
            report.resolved = true;
        }
        report
    }
}

/// Connecting by identity.
impl Stack {
    /// Connects, or looks for a peer whose address only this host can resolve.
    pub(super) fn begin_connecting(&mut self, wish: &Connect) {
        self.privacy.seek = None;
        let bond = wish.peer.and_then(|peer| self.security.bonds.named(peer));
        let irk = bond.and_then(|(_, bond)| bond.keys.peer_irk).filter(|irk| !irk.is_zero());
        match (wish.peer, irk) {
            (Some(peer), Some(_)) if !self.gap.resolves(peer) => {
                let end = wish.timeout.and_then(|timeout| self.now.checked_add(timeout));
                self.privacy.seek = Some(Seek { wish: *wish, end, found: false });
                self.gap.seek(true);
                self.deadlines_changed();
            }
            _ => self.gap.connect(*wish),
        }
    }

    /// A link came of the wish, or it is over.
    pub(super) fn stop_seeking(&mut self) {
        if self.privacy.seek.take().is_some() {
            self.gap.seek(false);
            self.deadlines_changed();
        }
    }

    /// Looks whether the peer that is sought advertises.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only reports show advertisers")]
    pub(super) fn look_for_peer(&mut self, event: &Event<'_>) {
        let Some(Seek { wish, found: false, .. }) = self.privacy.seek else { return };
        let wanted =
            |address: &Address| Some(*address) == wish.peer || self.resolve(*address) == wish.peer;
        let found = match event {
            Event::LeAdvertisingReport(reports) => {
                let connectable = reports.iter().filter(|report| report.event_type.0 <= 1);
                connectable.filter_map(|report| report.address.get()).find(wanted)
            }
            Event::LeExtendedAdvertisingReport(reports) => {
                let connectable = reports
                    .iter()
                    .filter(|report| report.event_type.contains(ExtendedEventType::CONNECTABLE));
                connectable.filter_map(|report| report.address.get()).find(wanted)
            }
            _ => None,
        };
        let Some(peer) = found else { return };
        if let Some(seek) = &mut self.privacy.seek {
            seek.found = true;
        }
        self.gap.seek(false);
        self.gap.connect(Connect { peer: Some(peer), timeout: Some(ATTEMPT), ..wish });
        self.ready.host(HostKey::Transmit);
    }

    /// An attempt to connect is over. True where the peer is looked for again.
    pub(super) fn seeks_again(&mut self, end: ConnectEnd) -> bool {
        match (&mut self.privacy.seek, end) {
            (Some(seek), ConnectEnd::Timeout) => {
                seek.found = false;
                self.gap.seek(true);
                true
            }
            (Some(_), ConnectEnd::Failed(_)) => {
                self.stop_seeking();
                false
            }
            (None, _) => false,
        }
    }

    /// The controller refused to look for the peer.
    pub(super) fn seek_ended(&mut self, status: Status) {
        if self.privacy.seek.is_some() {
            self.stop_seeking();
            self.connect_ended(Error::Controller(status));
        }
    }

    pub(super) fn connect_ended(&mut self, error: Error) {
        if self.wishes.connect == Wish::Waiting {
            self.wishes.connect = Wish::Ended(error);
        }
        self.ready.host(HostKey::Connect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_record_of_this_device_is_not_taken() {
        let mut record = [0; RECORD_MAX];
        let mut w = Writer::new(&mut record);
        Local { irk: Key::new([0x5a; 16]), address: None }.write(&mut w).unwrap();
        let whole = w.written();
        let mut privacy = Privacy::new(Choice::Off);
        assert!(!privacy.handle_record(whole.split_last().unwrap().1));
        assert!(privacy.irk.is_none());
        assert!(privacy.handle_record(whole));
        assert_eq!(privacy.irk, Some(Key::new([0x5a; 16])));
    }

    #[test]
    fn a_key_that_no_store_has_gives_way_to_that_of_the_store() {
        let mut record = [0; RECORD_MAX];
        let mut w = Writer::new(&mut record);
        Local { irk: Key::new([0x5a; 16]), address: None }.write(&mut w).unwrap();
        let irk = Some(Key::new([0x33; 16]));
        for (unsaved, kept) in [(true, Key::new([0x5a; 16])), (false, Key::new([0x33; 16]))] {
            let new = Privacy::new(Choice::Off);
            let mut privacy = Privacy { irk: irk.clone(), unsaved, due: true, ..new };
            // Without a store to wait for, there is an address all the same.
            assert_eq!(privacy.poll_job(true).is_some(), !unsaved);
            assert!(privacy.poll_job(false).is_some());
            assert!(privacy.handle_record(w.written()));
            assert_eq!((privacy.irk, privacy.unsaved), (Some(kept), false));
        }
    }
}
