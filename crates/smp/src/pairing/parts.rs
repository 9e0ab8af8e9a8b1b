//! Types that the phases of a pairing share.

use bindrune_wire::{Address, first_behind};
use bitflags::bitflags;

use super::{Idle, PairingRequest};
use crate::{
    keys::{Key, LongTermKey},
    method::{Method, Role},
    pdu::{AuthReq, Features, KeyDistribution, Keypress},
};

bitflags! {
    /// Pending PDUs to the peer, in the order in which they are sent.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct PendingPdus: u16 {
        const REQUEST = 1;
        const RESPONSE = 1 << 1;
        const KEYPRESS = 1 << 2;
        const PUBLIC_KEY = 1 << 3;
        const CONFIRM = 1 << 4;
        const RANDOM = 1 << 5;
        const CHECK = 1 << 6;
        const LTK = 1 << 7;
        const CENTRAL_ID = 1 << 8;
        const IRK = 1 << 9;
        const ADDRESS = 1 << 10;
        const CSRK = 1 << 11;
        /// PDUs with a value.
        const VALUES = Self::CONFIRM.bits() | Self::RANDOM.bits() | Self::CHECK.bits();
        /// PDUs that the peer needs before it sends the next step.
        const STEPS = Self::REQUEST.bits()
            | Self::RESPONSE.bits()
            | Self::PUBLIC_KEY.bits()
            | Self::CONFIRM.bits()
            | Self::RANDOM.bits()
            | Self::CHECK.bits();
        const KEYS = Self::LTK.bits()
            | Self::CENTRAL_ID.bits()
            | Self::IRK.bits()
            | Self::ADDRESS.bits()
            | Self::CSRK.bits();
    }
}

/// Pending PDUs, and the value that was fixed when its PDU became pending.
#[derive(Clone, Debug)]
pub(super) struct Out {
    pub(super) pending: PendingPdus,
    /// Of Pairing Confirm, Pairing Random or DHKey Check: each is sent before the next one is known.
    pub(super) value: [u8; 16],
    pub(super) presses: Presses,
}

impl Out {
    pub(super) const NONE: Self =
        Self { pending: PendingPdus::empty(), value: [0; 16], presses: Presses::NONE };

    pub(super) fn confirm(&mut self, value: [u8; 16]) {
        self.put(PendingPdus::CONFIRM, value);
    }

    pub(super) fn random(&mut self, value: [u8; 16]) {
        self.put(PendingPdus::RANDOM, value);
    }

    pub(super) fn check(&mut self, value: [u8; 16]) {
        self.put(PendingPdus::CHECK, value);
    }

    fn put(&mut self, pdu: PendingPdus, value: [u8; 16]) {
        debug_assert!(
            !self.pending.intersects(PendingPdus::VALUES),
            "a step is sent before the next"
        );
        self.value = value;
        self.pending |= pdu;
    }

    pub(super) fn keypress(&mut self, keypress: Keypress) {
        self.presses.push(keypress);
        self.pending |= PendingPdus::KEYPRESS;
    }

    /// Records that a PDU has left; further keypresses may be pending.
    pub(super) fn sent(&mut self, pending: PendingPdus) {
        let more = pending == PendingPdus::KEYPRESS && self.presses.sent();
        self.pending.set(pending, more);
    }
}

/// Queued keypresses, in order.
#[derive(Clone, Debug)]
pub(super) struct Presses {
    waiting: [Keypress; PRESSES as usize],
    count: u8,
}

/// Twice as many as an entry without mistakes needs.
const PRESSES: u8 = 16;

impl Presses {
    const NONE: Self = Self { waiting: [Keypress::STARTED; PRESSES as usize], count: 0 };

    /// Queues a keypress; if the queue is full, it replaces the last one.
    fn push(&mut self, keypress: Keypress) {
        self.count = self.count.saturating_add(1).min(PRESSES);
        if let Some(last) = self.waiting.iter_mut().take(self.count.into()).next_back() {
            *last = keypress;
        }
    }

    /// Returns the next keypress to send.
    pub(super) fn first(&self) -> Option<Keypress> {
        self.waiting.iter().take(self.count.into()).next().copied()
    }

    /// Removes the first keypress, which was sent; returns whether there are more.
    fn sent(&mut self) -> bool {
        first_behind(&mut self.waiting);
        self.count = self.count.saturating_sub(1);
        self.count > 0
    }
}

/// The terms that both sides agreed on. [Vol 3] Part H, 2.3
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreement {
    pub(super) request: Features,
    pub(super) response: Features,
    pub(super) method: Method,
    pub(super) secure: bool,
    pub(super) authenticated: bool,
    pub(super) key_size: u8,
    pub(super) bonded: bool,
}

impl Agreement {
    pub(super) const fn own(&self, role: Role) -> &Features {
        match role {
            Role::Initiator => &self.request,
            Role::Responder => &self.response,
        }
    }

    pub(super) const fn peer(&self, role: Role) -> &Features {
        match role {
            Role::Initiator => &self.response,
            Role::Responder => &self.request,
        }
    }

    /// Returns whether the user of `role` enters a passkey, and both sides agreed to report its keypresses. [Vol 3]
    /// Part H, 3.5.8
    pub(super) fn has_keypresses_of(&self, role: Role) -> bool {
        let both = self.request.auth().intersection(self.response.auth());
        self.method.inputs(role) && both.contains(AuthReq::KEYPRESS)
    }

    /// Returns the keys that the device in `role` distributes.
    pub(super) fn keys_of(&self, role: Role) -> KeyDistribution {
        let bits = match role {
            Role::Initiator => self.request.initiator_keys & self.response.initiator_keys,
            Role::Responder => self.request.responder_keys & self.response.responder_keys,
        };
        let unused = if self.secure {
            KeyDistribution::ENCRYPTION.union(KeyDistribution::LINK)
        } else {
            KeyDistribution::LINK
        };
        KeyDistribution::from_bits_truncate(bits).difference(unused)
    }
}

/// The part of a pairing that its phases use.
pub(super) struct Context<'a> {
    pub(super) role: Role,
    pub(super) agreed: &'a Agreement,
    pub(super) idle: &'a Idle,
    pub(super) consent: bool,
    pub(super) out: &'a mut Out,
    pub(super) ask: &'a mut Option<PairingRequest>,
}

impl Context<'_> {
    /// Returns the address of the device in a role, as used on the air.
    pub(super) fn address(&self, of: Role) -> Address {
        if of == self.role { self.idle.local_on_air() } else { self.idle.peer_on_air() }
    }
}

impl Role {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// Returns the passkey of random octets. The difference between the probabilities of two passkeys is below 2^-100.
pub(super) fn passkey_of(random: [u8; 16]) -> u32 {
    // The number of 128 bits modulo 1,000,000, octet by octet: a division of 128 bits takes much code.
    let number = |rest: u32, octet: &u8| (rest << 8 | u32::from(*octet)) % 1_000_000;
    random.iter().rev().fold(0, number)
}

/// Returns a key of LE Secure Connections, with EDIV and Rand 0. [Vol 3] Part H, 2.4.4
pub(super) const fn unnamed(key: Key) -> LongTermKey {
    LongTermKey { key, ediv: 0, rand: [0; 8] }
}
