//! Private addresses: those of this device, which change, and those of bonded peers, which are resolved. [Vol 3] Part
//! C, 10.7
//!
//! The controller resolves the addresses of the peers in its list. This module resolves all others, and all while the
//! list changes: at link up, in reports, and when the application connects to a peer by its identity.

mod address_mode;

use bindrune_gap::{Connect, RESOLVING_LIST_MAX, Report, Resolve, non_resolvable_address};
use bindrune_hci::{Event, PrivacyMode, SecretKey, event::ExtendedEventType};
use bindrune_smp::{Job, JobDone, Key, Local, crypto};
use bindrune_wire::{Address, Writer, time::Instant};
use embassy_time::Duration;

use super::{JobTicket, RECORD_MAX, Stack};
use crate::{
    capability::{OBSERVER, PRIVACY},
    config::Privacy as Choice,
    waiters::Due,
};

use address_mode::{Change, Shown};

/// State of the private addresses of this device.
#[derive(Debug)]
pub(super) struct Privacy {
    /// The kind of address on the air.
    pub(super) shown: Shown,
    pub(super) change: Change,
    /// Whether the change waits for a static address.
    pub(super) lacks_static: bool,
    /// Period of one private address.
    pub(super) rotate: Duration,
    irk: Option<Key>,
    /// The static address that the host made.
    pub(super) made: Option<Address>,
    /// Whether the store does not have the key or the address yet.
    unsaved: bool,
    /// Whether they changed after the store began to write them.
    changed: bool,
    /// Whether GAP waits for an address.
    pub(super) due: bool,
    /// Time of the next attempt after the random numbers failed.
    retry_at: Option<Instant>,
}

/// Purpose of a random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The Identity Resolving Key.
    Irk,
    /// The random part of a private address.
    Address,
    /// A static address.
    Static,
}

/// Period of one private address if the configuration sets none. [Vol 3] Part C, Appendix A
const ROTATE: Duration = Duration::from_secs(15 * 60);
/// Pause after a random number that failed.
const RETRY: Duration = Duration::from_secs(1);

impl Privacy {
    pub(super) const fn new(choice: Choice) -> Self {
        let (shown, rotate) = match choice {
            Choice::Off => (Shown::Identity, ROTATE),
            Choice::On { rotate } => (Shown::Resolvable, rotate),
        };
        Self {
            shown,
            change: Change::None,
            lacks_static: false,
            rotate,
            irk: None,
            made: None,
            unsaved: false,
            changed: false,
            due: false,
            retry_at: None,
        }
    }

    /// Returns the key that pairing sends to peers, or zeros if resolvable addresses are not in use.
    pub(super) fn irk(&self) -> Key {
        let key = self.irk.clone().filter(|_| self.shown == Shown::Resolvable);
        key.unwrap_or(Key::new([0; 16]))
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Returns the next job for a random number. With `lasting`, the key is stored before the first address is made
    /// from it. Without it the store cannot be read, and the key lives until it can be.
    pub(super) fn poll_job(&self, lasting: bool) -> Option<(JobTicket, Job)> {
        if !PRIVACY {
            return None;
        }
        let next = self.next_shown();
        let (secret, wanted) = if self.lacks_static {
            (Secret::Static, true)
        } else if next != Shown::Resolvable {
            (Secret::Address, self.due)
        } else {
            let secret = if self.irk.is_none() { Secret::Irk } else { Secret::Address };
            (secret, self.due && !(self.unsaved && lasting))
        };
        let wanted = wanted && self.retry_at.is_none();
        wanted.then_some((JobTicket::Private(secret), Job::Random))
    }

    /// Writes this device's record if the store does not contain it yet.
    pub(super) fn poll_record(&mut self, record: &mut [u8; RECORD_MAX]) -> Option<usize> {
        if !self.unsaved {
            return None;
        }
        self.changed = false;
        let irk = self.irk.clone().unwrap_or(Key::new([0; 16]));
        let mut w = Writer::new(record);
        Local { irk, address: self.made }.write(&mut w).ok()?;
        Some(w.len())
    }

    /// Records that the store keeps the record, or cannot: then the key lives as long as the host.
    pub(super) const fn saved(&mut self) {
        self.unsaved = core::mem::replace(&mut self.changed, false);
    }

    /// Returns whether the store does not have this device's record yet.
    pub(super) const fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    fn must_save(&mut self, keeps: bool) {
        (self.unsaved, self.changed) = (keeps, keeps);
    }

    /// Takes the record of this device from the store. Returns false if it cannot be read.
    pub(super) fn handle_record(&mut self, record: &[u8]) -> bool {
        let Ok(local) = Local::read(record) else { return false };
        self.made =
            if self.unsaved { local.address.or(self.made) } else { self.made.or(local.address) };
        if (self.irk.is_none() || self.unsaved) && !local.irk.is_zero() {
            self.irk = Some(local.irk);
            self.unsaved &= self.made != local.address;
        }
        true
    }
}

/// The address of this device.
impl Stack {
    /// Lets GAP wait for the store at the start of `run`, because it may contain a static address.
    pub(super) fn await_made_address(&mut self) {
        if self.security.bonds.places() > 0 {
            self.gap.await_made_address();
        }
    }

    /// Gives GAP the static address after the store was loaded, or could not be.
    pub(super) fn made_address_known(&mut self) {
        self.gap.set_made_address(self.privacy.made);
        self.ready.run(Due::COMMAND);
    }

    /// Stores a static address that GAP made during initialization.
    pub(super) fn keep_made_address(&mut self) {
        let made = self.gap.made_address();
        if let Some(made) = made.filter(|made| self.privacy.made != Some(*made)) {
            self.keep_made(made);
        }
    }

    /// Makes a new private address for GAP.
    pub(super) fn private_address_due(&mut self) {
        self.privacy.due = true;
        self.ready.run(Due::JOB);
    }

    /// Handles the result of a job for a random number.
    pub(super) fn private_job_done(&mut self, now: Instant, secret: Secret, done: &JobDone) {
        if !PRIVACY {
            return;
        }
        let JobDone::Random(random) = done else {
            self.privacy.retry_at = Some(now + RETRY);
            self.no_address_made();
            self.ready.run(Due::COMMAND);
            return self.deadlines_changed();
        };
        match secret {
            Secret::Irk if self.privacy.irk.is_none() => {
                self.privacy.irk = Some(Key::new(*random));
                self.privacy.must_save(self.security.bonds.places() > 0);
                self.ready.run(Due::BOND_JOB);
                self.request_resolving();
            }
            Secret::Irk => {}
            Secret::Static => self.static_address_made(*random),
            Secret::Address => self.change_address(now, random),
        }
        self.ready.run(Due::JOB);
    }

    /// Stores a static address that the host made.
    pub(super) fn keep_made(&mut self, made: Address) {
        self.privacy.made = Some(made);
        self.privacy.must_save(self.security.bonds.places() > 0);
        self.ready.run(Due::BOND_JOB);
    }

    fn change_address(&mut self, now: Instant, random: &[u8; 16]) {
        self.privacy.due &= self.privacy.next_shown() != Shown::Identity;
        let Some(address) = self.private_address(random) else { return };
        let until = now + self.privacy.rotate;
        self.gap.set_private_address(address, until);
        self.privacy.due = false;
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Makes a private address of the requested kind.
    fn private_address(&self, random: &[u8; 16]) -> Option<Address> {
        let [a, b, c, d, e, f, ..] = *random;
        match self.privacy.next_shown() {
            Shown::Identity => None,
            Shown::NonResolvable => {
                let public = self.gap.controller().and_then(|info| info.public_address);
                Some(non_resolvable_address([a, b, c, d, e, f], public))
            }
            Shown::Resolvable => {
                // Of the random part one bit at least is 0 and one is 1. [Vol 6] Part B, 1.3.2.2
                let prand = match [a, b, c & 0x3f] {
                    [0, 0, 0] => [1, 0, 0],
                    [0xff, 0xff, 0x3f] => [0xfe, 0xff, 0x3f],
                    prand => prand,
                };
                self.privacy.irk.as_ref().map(|irk| crypto::resolvable(irk, prand))
            }
        }
    }

    pub(super) fn privacy_timeout(&mut self, now: Instant) {
        if self.privacy.retry_at.take_if(|at| *at <= now).is_some() {
            self.ready.run(Due::JOB);
        }
    }
}

/// The addresses of peers.
impl Stack {
    /// Gives GAP the bonded peers whose addresses the controller resolves, and those to which it shows private
    /// addresses of this device. If not all fit, the former go first.
    pub(super) fn request_resolving(&mut self) {
        if !PRIVACY {
            return;
        }
        let local = self.privacy.irk();
        let mut all = [None; RESOLVING_LIST_MAX];
        let mut free = all.iter_mut();
        for (place, bond) in self.security.bonds.iter() {
            let Some(key) = bond.peer_irk().filter(|irk| !irk.is_zero()) else {
                continue;
            };
            // A controller takes each key once, and only for an identity; this host resolves the rest.
            if bond.peer().is_identity() && self.security.bonds.is_first_with_key(place, bond) {
                let irk = SecretKey(*key.octets());
                let resolve = Resolve { peer: bond.peer(), irk, mode: PrivacyMode::DEVICE };
                let Some(slot) = free.next() else { break };
                *slot = Some(resolve);
            }
        }
        let hidden = self.security.bonds.iter().filter(|(_, bond)| {
            let keyless = bond.peer_irk().is_none_or(|irk| irk.is_zero());
            keyless && bond.peer().is_identity() && !local.is_zero()
        });
        free.zip(hidden).for_each(|(slot, (_, bond))| {
            let irk = SecretKey([0; 16]);
            *slot = Some(Resolve { peer: bond.peer(), irk, mode: PrivacyMode::DEVICE });
        });
        let none = Resolve {
            peer: Address::public([0; 6]),
            irk: SecretKey([0; 16]),
            mode: PrivacyMode::DEVICE,
        };
        let count = all.iter().flatten().count();
        let all = all.map(|peer| peer.unwrap_or(none));
        let local = SecretKey(*local.octets());
        let fits = self.gap.set_resolving_list(local, all.get(..count).unwrap_or(&[]));
        debug_assert!(fits.is_ok(), "no more peers were taken than the list holds");
        self.ready.run(Due::COMMAND);
    }

    /// Returns whether a bonded peer sent its key, so that it may use private addresses.
    pub(super) fn is_private_peer(&self, peer: Address) -> bool {
        if !PRIVACY {
            return false;
        }
        let bond = self.security.bonds.named(peer);
        let irk = bond.and_then(|(_, bond)| bond.peer_irk());
        irk.is_some_and(|irk| !irk.is_zero())
    }

    /// Returns the identity of the bonded peer that uses this private address.
    fn resolve(&self, address: Address) -> Option<Address> {
        let found =
            (PRIVACY && address.is_resolvable()).then(|| self.security.bonds.of_address(address));
        found.flatten().map(|(_, bond)| bond.peer())
    }

    /// Returns a report in which the identity of a bonded peer replaces its private address.
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
    /// Connects, or searches for a peer whose address only this host can resolve.
    pub(super) fn begin_connecting(&mut self, connect: &Connect) {
        match connect.peer {
            // Only a scanner finds it.
            Some(peer) if OBSERVER && self.is_private_peer(peer) && !self.gap.resolves(peer) => {
                self.gap.search(*connect);
            }
            Some(_) | None => self.gap.connect(*connect),
        }
    }

    /// Checks whether the sought peer advertises.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only reports show advertisers")]
    pub(super) fn look_for_peer(&mut self, now: Instant, event: &Event<'_>) {
        let Some(sought) = self.gap.sought().filter(|_| PRIVACY) else { return };
        let wanted =
            |address: &Address| *address == sought || self.resolve(*address) == Some(sought);
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
        if let Some(peer) = found {
            self.gap.found(now, peer);
            self.ready.run(Due::COMMAND);
        }
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
            let new = Privacy::new(Choice::On { rotate: ROTATE });
            let mut privacy = Privacy { irk: irk.clone(), unsaved, due: true, ..new };
            // Without a store to wait for, the host makes an address anyway.
            assert_eq!(privacy.poll_job(true).is_some(), !unsaved);
            assert!(privacy.poll_job(false).is_some());
            assert!(privacy.handle_record(w.written()));
            assert_eq!((privacy.irk, privacy.unsaved), (Some(kept), false));
        }
    }
}
