//! How links are protected, split by verb.
//!
//! - `slots`: where pairings take place.
//! - `pairing`: the machine of each link, what it says, and how it ends.
//! - `encryption`: a link is encrypted, by either side, and stays so.
//! - `bonds`: the table, and what a bond means for a link.
//! - `jobs`: what the shell does for them: random numbers, P-256, the store.
//! - `claim`: who the peer says that it is, before its keys are taken.
//! - `requests`: what the user is asked.
//! - `desired`: what the application asks for.
//! - `outcome`: what it is told.
//! - `config`: what the user decides.

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
use bindrune_wire::{Address, Level, Present};

use super::{Link, LinkRef, LinkSecurity, Paired, PairingFailure, Stack};
use crate::{Error, at::At, capability::OOB};

pub(crate) use jobs::{BondJob, JobTicket, RECORD_MAX};
pub use outcome::BondInfo;
pub use requests::PasskeyEntry;
pub(crate) use requests::Question;
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

/// What the security of all links shares.
#[derive(Debug)]
pub(crate) struct HostSecurity {
    pub(super) bonds: Bonds,
    backoff: Backoff,
    oob: [Oob; OOB as usize],
    /// The application takes pairing requests.
    listening: bool,
    /// Links with a wish of the application.
    with_desired: u64,
    /// Where pairings take place.
    slots: &'static mut [PairingSlot],
    /// The link that took a slot last, for fairness.
    last: u8,
}

impl HostSecurity {
    pub(super) const fn new(records: &'static mut [u8], slots: &'static mut [PairingSlot]) -> Self {
        Self {
            bonds: Bonds::new(records),
            backoff: Backoff::new(),
            oob: [const { Oob::None }; OOB as usize],
            listening: false,
            with_desired: 0,
            slots,
            last: 0,
        }
    }

    /// `run` begins.
    pub(super) fn restart(&mut self) {
        self.bonds.restart();
    }

    /// Returns whether the store has something to do.
    pub(super) const fn is_storing(&self) -> bool {
        self.bonds.has_pending_job()
    }

    pub(super) fn reset(&mut self) {
        self.bonds.reset();
        (self.backoff, self.oob) = (Backoff::new(), [const { Oob::None }; OOB as usize]);
        (self.listening, self.with_desired) = (false, 0);
        self.slots.fill_with(|| PairingSlot::Free);
    }
}

/// How one link is protected, and what is under way to protect it better.
#[derive(Debug)]
pub(crate) struct Protection {
    /// Keeps [`Lazy::NONE`] zero.
    _present: Present,
    /// What it answers the peer while no pairing is in progress.
    idle: Idle,
    /// The slot of its pairing.
    held: Held,
    /// What was achieved.
    current: LinkSecurity,
    /// The link was encrypted, and no longer is: it ends.
    lost: bool,
    /// The user has authorized the peer.
    authorized: bool,
    /// The bond with the peer.
    bond: Option<Known>,
    /// The bond's key did not encrypt the link: why.
    unprotected: Option<Error>,
    /// What is starting to encrypt the link.
    start: Option<Start>,
    /// When it must have done so.
    deadline: At,
    /// The command that does it.
    pending: PendingCommand,
    /// A key that the peer asks for, by EDIV and Rand, while the store is not loaded.
    key_wanted: Option<(u16, [u8; 8])>,
    /// What the GATT server remembered was put back.
    recalled: bool,
    /// The terms of the pairing in progress were accepted.
    accepted: bool,
    /// What the next pairing must achieve.
    require: Level,
    /// The user is asked whatever the method.
    consent: bool,
    /// Why this side ended the pairing, where the reason on the wire says less.
    verdict: Option<PairingFailure>,
    /// What the peer says who it is.
    claim: Claim,
    desired: Desired,
    ask: Ask,
    /// Pairings that ended, and how the last one did.
    pairings: u32,
    paired: Option<Result<Paired, Error>>,
    failure: Option<PairingFailure>,
    /// Attempts to encrypt that ended, and how the last one did.
    attempts: u32,
    attempt: Option<Result<(), Error>>,
    /// When the central must have answered the Security Request.
    answer_due: At,
    /// Whether it is due to a caller that waits for a pairing, not for encryption alone.
    requested: bool,
}

/// What a link knows of the bond with its peer.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The name of the bond.
    identity: Address,
    /// What it is worth.
    security: LinkSecurity,
    /// It has a key for this device's role on the link, which is long enough.
    usable: bool,
    /// It is the peer's by its address, or by a key that its peer has shown; not only by one that it claims.
    sure: bool,
}

impl Protection {
    pub(crate) const NONE: Self = Self {
        _present: Present::Here,
        idle: Idle::new(PairingRole::Responder, NO_PEER, NO_PEER),
        held: Held::Nothing,
        current: LinkSecurity::OPEN,
        lost: false,
        authorized: false,
        bond: None,
        unprotected: None,
        start: None,
        deadline: At::NONE,
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
        answer_due: At::NONE,
        requested: false,
    };

    /// What the attribute server goes by. [Vol 3] Part C, 10.3
    pub(crate) fn attributes(&self) -> Security {
        Security {
            level: self.current.level,
            key_size: self.current.key_size,
            authorized: self.authorized,
            has_key: self.bond.is_some_and(|bond| bond.usable),
        }
    }

    /// What channels go by.
    pub(crate) fn channels(&self) -> ChannelSecurity {
        let bond = self.bond.filter(|bond| bond.usable).map(|bond| bond.security.level);
        ChannelSecurity { level: self.current.level, key_size: self.current.key_size, bond }
    }

    /// How the link is protected.
    pub(crate) const fn current(&self) -> LinkSecurity {
        self.current
    }

    /// Who the peer is, where there is a bond with it.
    pub(crate) fn identity(&self) -> Option<Address> {
        self.bond.map(|bond| bond.identity)
    }

    /// Why the last pairing failed.
    pub(crate) const fn failure(&self) -> Option<PairingFailure> {
        self.failure
    }

    /// What the last pairing achieved.
    pub(crate) fn paired(&self) -> Option<Paired> {
        self.paired.and_then(Result::ok)
    }

    /// True where what the application sends would no longer be protected as it was.
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

    /// Returns whether something waits for the peer, or for its user.
    pub(in crate::stack) const fn awaits_peer(&self) -> bool {
        self.is_pairing() || self.deadline.is_some() || self.answer_due.is_some()
    }
}

/// The address of no device.
const NO_PEER: Address = Address::public([0; 6]);

impl Stack {
    /// How a link is protected.
    pub(super) fn security(link: &Link) -> Security {
        link.protection.attributes()
    }

    /// How a link is protected, as the application sees it.
    pub(crate) fn link_security(&self, link: LinkRef) -> Result<LinkSecurity, Error> {
        self.link(link).map(|slot| slot.protection.current)
    }

    /// The user has authorized the peer, or has not.
    pub(crate) fn authorize(&mut self, link: LinkRef, authorized: bool) -> Result<(), Error> {
        self.link_mut(link)?.protection.authorized = authorized;
        Ok(())
    }

    /// Whether the application's operations on the peer's attributes, and channels that it opens, may leave: with a bonded peer
    /// not before the link is encrypted with the bond's key. [Vol 3] Part C, 10.3.2.2
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

    /// The level that an attribute or a channel may ask for without a new pairing.
    pub(crate) fn reachable(&self, link: LinkRef) -> Result<Level, Error> {
        let protection = &self.link(link)?.protection;
        let bond = protection.bond.filter(|bond| bond.usable && protection.unprotected.is_none());
        let bond = bond.map_or(Level::Open, |bond| bond.security.level);
        Ok(protection.current.level.max(bond))
    }
}
