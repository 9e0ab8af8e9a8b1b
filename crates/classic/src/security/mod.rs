//! Security of BR/EDR links: pairing, link keys, authentication and encryption. [Vol 3] Part C, 5.2.2
//!
//! [`Security`] is security mode 4 of all links. It asks the user, answers the controller's requests, and reads the
//! length of each encryption key. The root stores the bonds, counts failures of peers, and ends links.
//!
//! - A link has a level only if the key that encrypts it is known, long enough, and proven by the peer to this side.
//!   With E0 only one side authenticates, so this side then authenticates the peer too.
//! - A key is never stronger than its method, and never replaces a stronger one.
//! - A failed authentication keeps the bond. Only [`Security::pair`] replaces it, or a pairing of the peer to which the
//!   user agrees.
//! - Keys are never derived for or from LE (cross-transport key derivation). [Vol 3] Part H, 2.4.2.4
//!
//! The order after each input: [`Security::poll_event`] until there is none, [`Security::poll_command`] while the
//! command lane is free, then [`Security::poll_timeout`].

mod api;
mod bond;
mod command;
mod encrypt;
mod event;
#[cfg(any(test, feature = "std"))]
pub(crate) mod fuzz;
mod key;
mod keys;
mod model;
mod oob;
mod pairing;
mod reply;
mod request;
mod slot;
mod steps;
#[cfg(test)]
mod tests;

use bindrune_hci::{BdAddress, Opcode};
use bindrune_wire::{Address, AddressKind, Counter, Handle, time::Instant};

pub use api::{
    Answer, Config, Failure, LegacyPairing, LinkSecurity, LinkUp, Paired, PeerFeatures, Pin,
    Question, RequestError, Requirement, SecurityEvent, Timer,
};
pub use bond::{Bond, BondError};
pub use key::{Cipher, KeyKind, Secret, take_secret};
pub use model::{IoCapability, Model};
use oob::LocalOob;
pub use oob::{OobData, OobPresence, OobValues};
use pairing::Context;
use reply::Reply;
pub use slot::Slot;

/// Requests for peers without a link that wait for their refusal.
const STRAYS: usize = 4;

/// The security machine of all BR/EDR links.
///
/// - Settings: [`Self::set_config`], [`Self::set_local`], [`Self::set_user`].
/// - From the root, for each link: [`Self::link_up`], [`Self::set_bond`], [`Self::set_features`], [`Self::set_oob`],
///   [`Self::hold_off`], [`Self::link_down`].
/// - From the application: [`Self::require`], [`Self::pair`], [`Self::cancel`], [`Self::answer`],
///   [`Self::send_keypress`], [`Self::make_oob`].
/// - From the controller: [`Self::handle_event`], [`Self::handle_classic`], [`Self::handle_complete`],
///   [`Self::handle_status`], [`Self::reset`].
/// - Outputs: [`Self::poll_event`], [`Self::poll_command`], [`Self::poll_timeout`], [`Self::handle_timeout`].
/// - Getters: [`Self::security`], [`Self::is_pairing`], [`Self::unexpected`].
#[derive(Debug)]
pub struct Security {
    slots: &'static mut [Slot],
    config: Config,
    local: Address,
    user: bool,
    in_flight: Option<InFlight>,
    strays: [Option<Stray>; STRAYS],
    /// Whose turn it is to send a command: 0 for peers without a link, `n + 1` for link `n`.
    turn: u8,
    /// Out-of-band data of this device.
    oob: LocalOob,
    unexpected: Counter,
}

/// A request for a peer without a link, to be refused.
#[derive(Debug)]
struct Stray {
    address: BdAddress,
    reply: Reply,
}

/// The command in flight.
#[derive(Clone, Copy, Debug)]
struct InFlight {
    opcode: Opcode,
    /// Its link; `None` if that has ended.
    link: Option<u8>,
    sent: Sent,
    /// Time at which it was written.
    at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Reply,
    Procedure,
    KeySize,
    Keypress,
    LocalOob,
}

impl Security {
    /// Creates the machine. Link `n` has the memory `slots[n]`.
    #[must_use]
    pub const fn new(slots: &'static mut [Slot], config: Config) -> Self {
        Self {
            slots,
            config,
            local: Address::new(AddressKind::Public, [0; 6]),
            user: false,
            in_flight: None,
            strays: [const { None }; STRAYS],
            turn: 0,
            oob: LocalOob::NONE,
            unexpected: Counter::ZERO,
        }
    }

    /// Changes the settings. Pairings in progress continue with the new ones.
    pub const fn set_config(&mut self, config: Config) {
        self.config = config;
    }

    /// Sets the public address of this device, for bonds of links that come up afterwards.
    pub const fn set_local(&mut self, address: Address) {
        self.local = address;
    }

    /// Sets whether the application takes questions. Without it, pairings that need a user are refused, and open
    /// questions are answered with no.
    pub fn set_user(&mut self, now: Instant, user: bool) {
        self.user = user;
        for slot in self.slots.iter_mut().filter(|_| !user) {
            if slot.deny_open(Failure::NotAllowed) && slot.running.is_some() {
                slot.touch(now, slot::STEP);
            }
            slot.settle();
        }
    }

    /// Returns the security of a link; that of an open link if it is not up.
    #[must_use]
    pub fn security(&self, link: u8) -> LinkSecurity {
        self.slot(link).map(Slot::security).unwrap_or_default()
    }

    /// Returns whether a pairing is in progress.
    #[must_use]
    pub fn is_pairing(&self, link: u8) -> bool {
        self.slot(link).is_some_and(|slot| slot.pairing.is_some())
    }

    /// Returns the number of events and answers that were not due, or not for a link.
    #[must_use]
    pub fn unexpected(&self) -> u32 {
        self.unexpected.get()
    }

    /// Forgets all links and the out-of-band data of this device, because the controller was or will be reset.
    pub fn reset(&mut self) {
        for slot in self.slots.iter_mut() {
            slot.clear();
        }
        self.in_flight = None;
        self.strays = [const { None }; STRAYS];
        self.oob = LocalOob::NONE;
    }

    fn slot(&self, link: u8) -> Option<&Slot> {
        self.slots.get(usize::from(link)).filter(|slot| slot.up)
    }

    fn slot_mut(&mut self, link: u8) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(link)).filter(|slot| slot.up)
    }

    /// Returns the link with this handle, and what its inputs depend on.
    fn by_handle(
        &mut self,
        now: Instant,
        handle: Option<Handle>,
    ) -> Option<(&mut Slot, Context<'_>)> {
        let has_oob = self.oob.is_live();
        let context = Context { now, config: &self.config, user: self.user, has_oob };
        let is_it = |slot: &&mut Slot| slot.up && Some(slot.handle) == handle;
        Some((self.slots.iter_mut().find(is_it)?, context))
    }

    /// Returns the link with this peer, and what its inputs depend on.
    fn by_address(&mut self, now: Instant, peer: BdAddress) -> Option<(&mut Slot, Context<'_>)> {
        let has_oob = self.oob.is_live();
        let context = Context { now, config: &self.config, user: self.user, has_oob };
        let is_it = |slot: &&mut Slot| slot.up && slot.peer == peer.get();
        Some((self.slots.iter_mut().find(is_it)?, context))
    }
}
