//! Out-of-band data: of this device, which the controller makes, and of peers. [Vol 2] Part H, 7.2.2

use bindrune_hci::{
    Opcode, SecretKey, Status,
    cmd::{
        Command, Failure as Answer,
        classic::{ReadLocalOobData, ReadLocalOobExtendedData},
    },
};
use bindrune_wire::Writer;

use super::{
    Security, Sent,
    api::{Config, Failure, SecurityEvent},
    key::{Secret, take_secret},
    model::Side,
    pairing::Context,
    reply::put,
    slot::Slot,
};

/// Out-of-band data of one device: what it gives to its peer by another way than Bluetooth. [Vol 2] Part H, 7.2.2
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OobData {
    /// Commitment and random number of P-192.
    pub p192: Option<OobValues>,
    /// Commitment and random number of P-256, for Secure Connections.
    pub p256: Option<OobValues>,
}

impl OobData {
    /// Returns which values there are.
    #[must_use]
    pub const fn presence(&self) -> OobPresence {
        match (&self.p192, &self.p256) {
            (None, None) => OobPresence::empty(),
            (Some(_), None) => OobPresence::P192,
            (None, Some(_)) => OobPresence::P256,
            (Some(_), Some(_)) => OobPresence::all(),
        }
    }
}

/// One pair of out-of-band values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OobValues {
    /// The commitment C, in the order of the wire.
    pub commitment: Secret,
    /// The random number R, in the order of the wire.
    pub random: Secret,
}

impl OobValues {
    /// Returns the values of a controller; `None` if they are zeros, because then it has none.
    fn read(commitment: SecretKey, random: SecretKey) -> Option<Self> {
        let (commitment, random) = (Secret::new(commitment.0), Secret::new(random.0));
        (!commitment.is_zero()).then_some(Self { commitment, random })
    }
}

bitflags::bitflags! {
    /// Out-of-band data that is available for a peer.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct OobPresence: u8 {
        /// Data of P-192.
        const P192 = 1;
        /// Data of P-256.
        const P256 = 2;
    }
}

/// Out-of-band data of this device.
#[derive(Debug)]
pub(super) struct LocalOob {
    /// New data is requested; whether with the values of P-256.
    wanted: Option<bool>,
    /// Whether the controller has data that was given away, and that no pairing has used.
    live: bool,
    /// The outcome of the request, until the root takes it.
    made: Option<Result<OobData, Status>>,
}

impl LocalOob {
    pub(super) const NONE: Self = Self { wanted: None, live: false, made: None };

    pub(super) const fn is_live(&self) -> bool {
        self.live
    }

    /// Records that a pairing has used the data.
    pub(super) const fn spend(&mut self) {
        self.live = false;
    }

    pub(super) fn poll_event(&mut self) -> Option<SecurityEvent> {
        take_secret(&mut self.made).map(SecurityEvent::LocalOob)
    }
}

impl Security {
    /// Lets the controller make new out-of-band data of this device. [`SecurityEvent::LocalOob`] returns it. Earlier
    /// data becomes invalid. `extended` if the controller has the command for both kinds of keys.
    ///
    /// One successful pairing can use the data. A peer that says that it has data of this device is refused at any
    /// other time: the controller would compute with values that the peer may know.
    pub fn make_oob(&mut self, extended: bool) {
        self.oob.wanted = Some(extended);
        self.oob.made = None;
    }

    /// Writes the command that makes data.
    pub(super) fn next_oob(&mut self, w: &mut Writer<'_>) -> Option<(Option<u8>, Opcode, Sent)> {
        let opcode = if self.oob.wanted? {
            put(w, &ReadLocalOobExtendedData)?
        } else {
            put(w, &ReadLocalOobData)?
        };
        (self.oob.wanted, self.oob.live) = (None, false);
        Some((None, opcode, Sent::LocalOob))
    }

    /// Handles the answer of the controller. If other data was requested meanwhile, only that counts.
    pub(super) fn oob_made(&mut self, opcode: Opcode, result: Result<&[u8], Status>) {
        if self.oob.wanted.is_some() {
            return;
        }
        let data = result.and_then(|parameters| read(opcode, parameters, &self.config));
        self.oob.live = data.is_ok();
        self.oob.made = Some(data);
    }
}

/// Returns the data that a controller made.
fn read(opcode: Opcode, parameters: &[u8], config: &Config) -> Result<OobData, Status> {
    let data = if opcode == ReadLocalOobExtendedData::OPCODE {
        let read = ReadLocalOobExtendedData::returned(parameters).map_err(plain)?;
        let p192 = OobValues::read(read.commitment_192, read.random_number_192);
        let p256 = OobValues::read(read.commitment_256, read.random_number_256);
        OobData { p192: p192.filter(|_| !config.only_secure_connections), p256 }
    } else {
        let read = ReadLocalOobData::returned(parameters).map_err(plain)?;
        OobData { p192: OobValues::read(read.commitment, read.random_number), p256: None }
    };
    if data.presence().is_empty() { Err(Status::UNSPECIFIED) } else { Ok(data) }
}

const fn plain(answer: Answer) -> Status {
    match answer {
        Answer::Status(status) => status,
        Answer::Malformed(_) => Status::UNSPECIFIED,
    }
}

impl Slot {
    /// Returns the out-of-band data of the peer that can be used. While the peer's features are unknown, that is all of
    /// it: a pairing without it then fails.
    pub(super) fn oob_presence(&self, config: &Config) -> OobPresence {
        let usable = match self.is_secure(config) {
            Some(true) => OobPresence::P256,
            Some(false) if config.only_secure_connections => OobPresence::empty(),
            Some(false) => OobPresence::P192,
            None if config.only_secure_connections => OobPresence::P256,
            None => OobPresence::all(),
        };
        self.oob.intersection(usable)
    }

    /// Returns whether this device can say that it has data of the peer.
    ///
    /// # Errors
    ///
    /// [`Failure::NoOob`] if it has only data that cannot be used: without it, the peer would pass for the device that
    /// gave the data.
    pub(super) fn has_peer_oob(&self, config: &Config) -> Result<bool, Failure> {
        let usable = !self.oob_presence(config).is_empty();
        if usable || self.oob.is_empty() { Ok(usable) } else { Err(Failure::NoOob) }
    }
}

/// Checks that a peer can have data of this device if it says so.
pub(super) const fn check_claim(context: Context<'_>, peer: Side) -> Result<(), Failure> {
    if peer.oob && !context.has_oob { Err(Failure::NoOob) } else { Ok(()) }
}
