//! The security of links, split by verb.
//!
//! - `slots`: the slots that pairings take.
//! - `pairing`: the pairing machine of each link: its inputs, outputs and end.
//! - `encryption`: starts, answers and supervises the encryption of a link.
//! - `bonds`: the bond of each link, and the bonds that may be kept.
//! - `jobs`: work of the shell for pairing and bonds: random numbers, P-256, the store.
//! - `claim`: checks the identity that a peer claims before its keys are accepted.
//! - `requests`: questions to the user during a pairing.
//! - `desired`: requests of the application.
//! - `outcome`: results reported to the application.
//! - `config`: settings of the user.
//! - `retry`: makes a link safer after the peer refused an operation.
//! - `table`: the table of bonds.
//! - `lazy`: protection that is made at its first use.

mod bonds;
mod claim;
mod config;
mod desired;
mod encryption;
mod jobs;
mod lazy;
mod outcome;
mod pairing;
mod requests;
mod retry;
mod slots;
mod table;

use bindrune_gatt::Security;
use bindrune_l2cap::Security as ChannelSecurity;
use bindrune_smp::{Backoff, Idle, Role as PairingRole};
use bindrune_wire::{Address, Level, Present, time::Instant};

use super::{Link, LinkRef, LinkSecurity, Paired, PairingFailure, Stack};
use crate::{Error, capability::OOB, mask::Mask};

pub(crate) use jobs::{BondJob, JobTicket, RECORD_MAX};
pub use outcome::BondInfo;
pub use requests::PasskeyEntry;
pub(crate) use requests::{PairingLink, Question};
pub(crate) use retry::SecurityRetry;
use table::Bonds;

use claim::Claim;
use desired::Desired;
use encryption::{PendingCommand, Start};
use jobs::Oob;
pub(crate) use lazy::Lazy;
use requests::Ask;
use slots::Held;
pub(crate) use slots::PairingSlot;

/// Security state that all links share.
#[derive(Debug)]
pub(crate) struct HostSecurity {
    pub(super) bonds: Bonds,
    backoff: Backoff,
    oob: [Oob; OOB as usize],
    /// Whether the application takes pairing requests.
    listening: bool,
    /// Links with a request of the application, one bit each.
    with_desired: Mask,
    /// Begins the procedures that the application requests. A host without such requests does not contain that code.
    begin: Option<fn(&mut Stack, Instant, u8, Desired)>,
    /// Slots for pairings.
    slots: &'static mut [PairingSlot],
    /// The link that took a slot last, for fairness.
    last: u8,
}

impl HostSecurity {
    pub(super) fn new(records: &'static mut [u8], slots: &'static mut [PairingSlot]) -> Self {
        Self {
            bonds: Bonds::new(records),
            backoff: Backoff::new(),
            oob: [const { Oob::None }; OOB as usize],
            listening: false,
            with_desired: 0,
            begin: None,
            slots,
            last: 0,
        }
    }

    /// `run` begins.
    pub(super) fn restart(&mut self) {
        self.bonds.restart();
    }

    /// Returns whether the store has a job, pending or running.
    pub(super) const fn is_storing(&self) -> bool {
        self.bonds.has_pending_job()
    }

    /// Returns until when a peer must not pair; `trusted` does not wait for the failures of others.
    pub(super) fn pairing_hold(
        &self,
        now: Instant,
        peer: Address,
        trusted: bool,
    ) -> Option<Instant> {
        self.backoff.until(now, peer, trusted)
    }

    /// Returns whether the store could not be loaded.
    pub(super) fn is_unreadable(&self) -> bool {
        self.bonds.is_unreadable()
    }

    /// Counts a failed pairing of a peer.
    pub(super) fn pairing_failed(&mut self, now: Instant, peer: Address) {
        self.backoff.failed(now, peer);
    }

    /// Forgets the failed pairings of a peer.
    pub(super) fn pairing_succeeded(&mut self, peer: Address) {
        self.backoff.succeeded(peer);
    }

    pub(super) fn reset(&mut self) {
        self.bonds.reset();
        (self.backoff, self.oob) = (Backoff::new(), [const { Oob::None }; OOB as usize]);
        (self.listening, self.with_desired) = (false, 0);
        self.slots.fill_with(|| PairingSlot::Free);
    }
}

/// Protection of one link, and the procedures that raise it.
#[derive(Debug)]
pub(crate) struct Protection {
    /// Keeps [`Lazy::NONE`] zero.
    _present: Present,
    /// Answers the peer while no pairing is in progress.
    idle: Idle,
    /// The identity address of this device on the link. A later change of the address mode does not change it.
    local: Address,
    /// The pairing slot that the link holds.
    held: Held,
    /// The security that the link has now.
    current: LinkSecurity,
    /// The link was encrypted and no longer is, so it is being disconnected.
    lost: bool,
    /// Whether the user has authorized the peer.
    authorized: bool,
    /// The bond with the peer.
    bond: Option<Known>,
    /// Why the bond's key did not encrypt the link.
    unprotected: Option<Error>,
    /// The start of encryption that is in progress.
    start: Option<Start>,
    /// Deadline for the start of encryption.
    deadline: Option<Instant>,
    /// The command for it that is pending.
    pending: PendingCommand,
    /// A key request of the peer (EDIV and Rand) that waits until the store is loaded.
    key_wanted: Option<(u16, [u8; 8])>,
    /// Whether the GATT state of the bond was restored.
    recalled: bool,
    /// Whether this device accepted the terms of the pairing in progress.
    accepted: bool,
    /// Lowest level that the next pairing must achieve.
    require: Level,
    /// Asks the user to agree, whatever the pairing method is.
    consent: bool,
    /// Why this side ended the pairing. More exact than the reason on the wire.
    verdict: Option<PairingFailure>,
    /// Decision about the identity that the peer claims.
    claim: Claim,
    desired: Desired,
    ask: Ask,
    /// Number of pairings that ended; then the result of the last one.
    pairings: u32,
    paired: Option<Result<Paired, Error>>,
    failure: Option<PairingFailure>,
    /// Number of attempts to encrypt that ended; then the result of the last one.
    attempts: u32,
    attempt: Option<Result<(), Error>>,
    /// Deadline for the central's answer to the Security Request.
    answer_due: Option<Instant>,
    /// Whether a caller that waits for a pairing, not only for encryption, set `answer_due`.
    requested: bool,
}

/// State of the bond with the peer of a link.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// Identity that names the bond.
    identity: Address,
    /// Security of a link encrypted with the bond's key.
    security: LinkSecurity,
    /// The bond has a key for this device's role on the link, and the key is long enough.
    usable: bool,
    /// The peer's address, or a key that the peer has shown, proves that the bond is its own. A key that it only claims
    /// does not.
    sure: bool,
}

impl Protection {
    pub(crate) const NONE: Self = Self {
        _present: Present::Here,
        idle: Idle::new(PairingRole::Responder, NO_PEER, NO_PEER),
        local: NO_PEER,
        held: Held::Nothing,
        current: LinkSecurity::OPEN,
        lost: false,
        authorized: false,
        bond: None,
        unprotected: None,
        start: None,
        deadline: None,
        pending: PendingCommand::Nothing,
        key_wanted: None,
        recalled: false,
        accepted: false,
        require: Level::Open,
        consent: true,
        verdict: None,
        claim: Claim::None,
        desired: Desired::None,
        ask: Ask::NONE,
        pairings: 0,
        paired: None,
        failure: None,
        attempts: 0,
        attempt: None,
        answer_due: None,
        requested: false,
    };

    /// Returns the security that the attribute server checks. [Vol 3] Part C, 10.3
    pub(crate) fn attributes(&self) -> Security {
        Security {
            level: self.current.level,
            key_size: self.current.key_size,
            authorized: self.authorized,
            has_key: self.bond.is_some_and(|bond| bond.usable),
        }
    }

    /// Returns the security that channels check.
    pub(crate) fn channels(&self) -> ChannelSecurity {
        let bond = self.bond.filter(|bond| bond.usable).map(|bond| bond.security.level);
        ChannelSecurity { level: self.current.level, key_size: self.current.key_size, bond }
    }

    /// Returns the security of the link.
    pub(crate) const fn current(&self) -> LinkSecurity {
        self.current
    }

    /// Returns the peer's identity if there is a bond with it.
    pub(crate) fn identity(&self) -> Option<Address> {
        self.bond.map(|bond| bond.identity)
    }

    /// Returns why the last pairing failed.
    pub(crate) const fn failure(&self) -> Option<PairingFailure> {
        self.failure
    }

    /// Returns the result of the last pairing if it succeeded.
    pub(crate) fn paired(&self) -> Option<Paired> {
        self.paired.and_then(Result::ok)
    }

    /// Returns whether the link has lost its encryption, so data of the application would no longer be protected.
    pub(in crate::stack) const fn is_lost(&self) -> bool {
        self.lost
    }

    const fn is_pairing(&self) -> bool {
        matches!(self.held, Held::Pairing(_))
    }

    /// Returns whether a pairing has completed and its bond is not stored yet.
    const fn is_storing(&self) -> bool {
        matches!(self.held, Held::Storing(_))
    }

    /// Returns whether a procedure waits for the peer or its user.
    pub(in crate::stack) const fn awaits_peer(&self) -> bool {
        self.is_pairing() || self.deadline.is_some() || self.answer_due.is_some()
    }
}

/// Stands for no device.
const NO_PEER: Address = Address::public([0; 6]);

impl Stack {
    /// Returns the security of a link for the attribute server.
    pub(super) fn security(link: &Link) -> Security {
        link.protection.attributes()
    }

    /// Returns the security of a link for the application.
    pub(crate) fn link_security(&self, link: LinkRef) -> Result<LinkSecurity, Error> {
        self.link(link).map(|slot| slot.protection.current)
    }

    /// Sets whether the user has authorized the peer.
    pub(crate) fn authorize(&mut self, link: LinkRef, authorized: bool) -> Result<(), Error> {
        self.link_mut(link)?.protection.authorized = authorized;
        Ok(())
    }

    /// Returns whether the application's operations on the peer's attributes, and channels that it opens, may be sent.
    /// If the peer is bonded, they must wait until the link is encrypted with the bond's key. [Vol 3] Part C, 10.3.2.2
    pub(super) fn may_ask(&self, index: u8) -> Result<bool, Error> {
        let Some(slot) = self.links.get(usize::from(index)) else { return Ok(true) };
        let protection = &slot.protection;
        if !slot.is_central() || protection.current.is_encrypted() {
            return Ok(true);
        }
        if !self.security.bonds.is_settled() {
            return Ok(false);
        }
        match (protection.unprotected, protection.bond) {
            (Some(error), _) => Err(error),
            (None, Some(bond)) => Ok(!bond.usable),
            (None, None) => Ok(true),
        }
    }

    fn protection(&mut self, index: u8) -> Option<&mut Protection> {
        let slot = self.links.get_mut(usize::from(index)).filter(|l| l.is_up())?;
        Some(&mut slot.protection)
    }

    /// Returns the level that an attribute or a channel can require without a new pairing.
    pub(crate) fn reachable(&self, link: LinkRef) -> Result<Level, Error> {
        let protection = &self.link(link)?.protection;
        let bond = protection.bond.filter(|bond| bond.usable && protection.unprotected.is_none());
        let bond = bond.map_or(Level::Open, |bond| bond.security.level);
        Ok(protection.current.level.max(bond))
    }
}
