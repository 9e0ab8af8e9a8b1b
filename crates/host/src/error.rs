//! Errors, as applications see them.

mod config;

use core::fmt;

use bindrune_att::ErrorCode;
use bindrune_hci::Status;
use bindrune_l2cap::{CloseReason, ConnectionResult};
use bindrune_wire::{Address, Level};
use embedded_io_async::ErrorKind;

pub use config::ConfigError;

use crate::stack::{ClassicCloseReason, ClassicFailure, PairingFailure, RfcommEnd, SearchFailure};

/// Reason why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The link ended, or the handle belongs to a link that ended earlier. [`Status::HARDWARE_FAILURE`], which no peer
    /// can cause, means that the controller was lost: see [`crate::Host::watch_controller`].
    Disconnected(Status),
    /// The controller was lost and is being reset; links and pending operations ended.
    ControllerLost,
    /// The controller did not answer a Reset for 2 s, or has failed repeatedly and is reset only after a pause of 2 s
    /// or more; or [`run`](crate::Host::run) is not running.
    NoAnswer,
    /// The controller refused a command.
    Controller(Status),
    /// The controller does not support this.
    Unsupported,
    /// The peer answered with an ATT error.
    Att(ErrorCode),
    /// The peer's answer broke the protocol.
    Protocol,
    /// The peer has no such service, characteristic or descriptor.
    NotFound,
    /// The peer refused the channel.
    Refused(ConnectionResult),
    /// The channel is closed.
    Closed(CloseReason),
    /// An earlier send on this channel was dropped halfway, so the channel was closed.
    Interrupted,
    /// The time limit of the operation is over.
    Timeout,
    /// The peer did not confirm or answer within 30 s; the link's ATT bearer can make no more requests.
    TransactionTimeout,
    /// The value is longer than the peer, or the attribute, takes.
    TooLong {
        /// The longest value that is taken, in bytes.
        max: usize,
    },
    /// One request cannot carry this many attributes at the current MTU.
    TooManyHandles {
        /// The most that it can carry.
        max: usize,
    },
    /// The buffer is too small for the received value, which stays queued.
    BufferTooSmall {
        /// Necessary length in bytes.
        needed: usize,
    },
    /// The SDU is longer than the channel's window holds: read it in pieces.
    LongerThanWindow {
        /// Length of the SDU in bytes.
        needed: usize,
    },
    /// The peer has not subscribed to the characteristic.
    NotSubscribed,
    /// The operation is already in progress, or a resource that it needs is in use.
    Busy,
    /// A parameter is outside the range of the specification.
    InvalidParameters,
    /// The attribute is not in the server's table, or the host does not hold its value.
    UnknownAttribute,
    /// All link slots are in use: enlarge `LINKS` of [`crate::Resources`].
    NoLink,
    /// All channel slots are in use: enlarge `CHANNELS` of [`crate::Resources`].
    NoChannel,
    /// Too few receive packets are free for the channel's window, or none is for values that peers push: enlarge `RX`
    /// of [`crate::Resources`].
    NoPackets,
    /// All listener slots are in use.
    NoListener,
    /// All subscription slots of the link are in use.
    NoSubscription,
    /// The controller has no public address: use another address mode.
    NoPublicAddress,
    /// Non-resolvable private addresses are on the air, with which no links are made: set another address mode.
    NonResolvable,
    /// [`crate::Host::shutdown`] withdrew the request.
    ShutDown,
    /// The pairing failed.
    Pairing(PairingFailure),
    /// The link could not be encrypted with the bond's key.
    Encryption(Status),
    /// There is no bond with the peer that this link can use.
    NotBonded,
    /// The bond was made while this device had another address, for example that of another controller, so its key is
    /// not used. Operations that need no security work. For the rest, pair again or use that controller.
    OtherAddress {
        /// Address of this device in the bond.
        bonded: Address,
        /// Current address of this device.
        own: Address,
    },
    /// The peer has lost its key of the bond, or another device uses its address. The bond is kept; nothing is read or
    /// written until the application pairs again or removes the bond.
    BondLost,
    /// All places for bonds are in use: pairing did not start.
    BondsFull,
    /// A bond with this identity exists and may not be replaced.
    BondKept(Address),
    /// The bond store failed. If it could not be loaded, pairings that would bond do not start.
    BondStore,
    /// The link is secured, but below the requested level.
    Insecure {
        /// The level that was reached.
        level: Level,
    },
    /// The BR/EDR channel did not open, or has ended.
    ClassicClosed(ClassicCloseReason),
    /// The BR/EDR link could not be secured.
    ClassicSecurity(ClassicFailure),
    /// The RFCOMM connection did not open, or has ended.
    Rfcomm(RfcommEnd),
    /// The device did not answer a search for services as it should.
    ServiceSearch(SearchFailure),
    /// All slots for BR/EDR links are in use: enlarge `LINKS` of `ClassicResources`.
    NoClassicLink,
    /// All slots for BR/EDR channels are in use: enlarge `CHANNELS` of `ClassicResources`.
    NoClassicChannel,
    /// All slots for RFCOMM connections are in use: enlarge `STREAMS` of `ClassicResources`.
    NoStream,
    /// The memory for service records is full: enlarge `SERVICES` of `ClassicResources`.
    NoServiceRoom,
}

impl fmt::Display for Error {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has a text without numbers")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnected(reason) => write!(f, "the link ended: {reason}"),
            Self::Controller(status) => write!(f, "the controller refused: {status}"),
            Self::Att(code) => write!(f, "the peer refused: {code}"),
            Self::Refused(result) => write!(f, "the peer refused the channel: {result:?}"),
            Self::Closed(reason) => write!(f, "the channel is closed: {reason:?}"),
            Self::TooLong { max } => write!(f, "longer than the {max} bytes that are accepted"),
            Self::TooManyHandles { max } => write!(f, "one request carries at most {max} handles"),
            Self::BufferTooSmall { needed } => write!(f, "the buffer needs {needed} bytes"),
            Self::LongerThanWindow { needed } => {
                write!(f, "the SDU of {needed} bytes is longer than the window; read it in pieces")
            }
            Self::BondKept(bond) => {
                write!(f, "a bond with {bond} exists, and may not be replaced; remove it first")
            }
            Self::Pairing(failure) => write!(f, "the pairing failed: {failure}"),
            Self::Encryption(status) => write!(f, "the link could not be encrypted: {status}"),
            Self::OtherAddress { bonded, own } => write!(
                f,
                "the bond was made while this device had the address {bonded}; its address is {own} now; pair again, or use that controller"
            ),
            Self::Insecure { level } => {
                write!(f, "the link reached only {level:?}, which is less than required")
            }
            Self::ClassicClosed(reason) => write!(f, "the channel is closed: {reason:?}"),
            Self::Rfcomm(reason) => write!(f, "the RFCOMM connection is closed: {reason:?}"),
            Self::ClassicSecurity(failure) => write!(f, "the link is not secure: {failure:?}"),
            Self::ServiceSearch(failure) => {
                write!(f, "the device answered the search for services wrongly: {failure:?}")
            }
            _ => f.write_str(self.text()),
        }
    }
}

impl Error {
    /// Says what is used up, and what to enlarge.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these errors are asked for")]
    const fn lacking(&self) -> &'static str {
        match self {
            Self::NoLink => "all link slots are in use; enlarge LINKS of Resources",
            Self::NoChannel => "all channel slots are in use; enlarge CHANNELS of Resources",
            Self::NoPackets => "too few receive packets are free; enlarge RX of Resources",
            Self::NoListener => "all listener slots are in use",
            Self::NoSubscription => "all subscription slots of the link are in use",
            Self::NoClassicLink => {
                "all slots for BR/EDR links are in use; enlarge LINKS of ClassicResources"
            }
            Self::NoClassicChannel => {
                "all slots for BR/EDR channels are in use; enlarge CHANNELS of ClassicResources"
            }
            Self::NoStream => {
                "all slots for RFCOMM connections are in use; enlarge STREAMS of ClassicResources"
            }
            Self::NoServiceRoom => {
                "the memory for service records is full; enlarge SERVICES of ClassicResources"
            }
            _ => "",
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only these errors are asked for")]
    const fn of_bonds(&self) -> &'static str {
        match self {
            Self::NotBonded => "there is no bond with this peer; pair with it first",
            Self::BondLost => {
                "the peer no longer has the key of the bond, or is another device; \
                 pair again only if you trust it, or remove the bond"
            }
            Self::BondsFull => {
                "there is no room for another bond; remove a bond, or increase Config::bonds"
            }
            Self::BondStore => {
                "the bond store failed, and keeps its contents; \
                 if it could not be loaded, run the host again when it is available"
            }
            _ => "",
        }
    }

    const fn text(&self) -> &'static str {
        match self {
            Self::ControllerLost => "the controller was lost and is being reset",
            Self::NoAnswer => "the controller does not answer",
            Self::Unsupported => "the controller does not support this",
            Self::Protocol => "the peer's answer broke the protocol",
            Self::NotFound => "the peer has no such attribute",
            Self::Interrupted => "an earlier send was dropped halfway, so the channel was closed",
            Self::Timeout => "the time limit is over",
            Self::TransactionTimeout => "the peer did not answer within 30 s",
            Self::NotSubscribed => "the peer has not subscribed",
            Self::Busy => "already in progress, or in use",
            Self::InvalidParameters => "a parameter is outside of its range",
            Self::UnknownAttribute => {
                "the attribute is not in the table, or the host does not hold its value"
            }
            Self::NoPublicAddress => {
                "the controller has no public address; use AddressMode::Static or Resolvable"
            }
            Self::NonResolvable => {
                "links are not possible with non-resolvable private addresses; set another address mode first"
            }
            Self::ShutDown => "the host was shut down",
            Self::NotBonded | Self::BondLost | Self::BondsFull | Self::BondStore => self.of_bonds(),
            Self::NoLink
            | Self::NoChannel
            | Self::NoPackets
            | Self::NoListener
            | Self::NoSubscription
            | Self::NoClassicLink
            | Self::NoClassicChannel
            | Self::NoStream
            | Self::NoServiceRoom => self.lacking(),
            Self::Disconnected(_)
            | Self::ClassicClosed(_)
            | Self::ClassicSecurity(_)
            | Self::Rfcomm(_)
            | Self::ServiceSearch(_)
            | Self::BondKept(_)
            | Self::Pairing(_)
            | Self::Encryption(_)
            | Self::Insecure { .. }
            | Self::OtherAddress { .. }
            | Self::Controller(_)
            | Self::Att(_)
            | Self::Refused(_)
            | Self::Closed(_)
            | Self::TooLong { .. }
            | Self::TooManyHandles { .. }
            | Self::BufferTooSmall { .. }
            | Self::LongerThanWindow { .. } => "",
        }
    }
}

impl core::error::Error for Error {}

impl embedded_io_async::Error for Error {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds know little of Bluetooth")]
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Disconnected(_)
            | Self::ControllerLost
            | Self::Closed(_)
            | Self::ClassicClosed(_)
            | Self::Rfcomm(_) => ErrorKind::ConnectionReset,
            Self::Interrupted => ErrorKind::ConnectionAborted,
            Self::Refused(_) => ErrorKind::ConnectionRefused,
            Self::Timeout | Self::TransactionTimeout => ErrorKind::TimedOut,
            Self::TooLong { .. } | Self::InvalidParameters => ErrorKind::InvalidInput,
            Self::NoLink | Self::NoChannel | Self::NoPackets => ErrorKind::OutOfMemory,
            Self::NotFound => ErrorKind::NotFound,
            Self::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::Other,
        }
    }
}
