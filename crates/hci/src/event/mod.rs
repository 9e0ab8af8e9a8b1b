//! Events, in the groups of the specification. [Vol 4] Part E, 7.7
//!
//! [`Event::parse`] reads an event in place; [`Event::write`] writes the whole event packet (code, length, parameters;
//! no H4 indicator). Octets after the last known field of an event of fixed length are ignored, because a later
//! version of the specification may add fields. A list must have exactly the length of its count.
//!
//! Events of BR/EDR alone are [`ClassicEvent`]: [`Event::Unknown`] contains their code and parameters.

pub mod classic;
mod code;
mod command;
mod le;
mod link;
mod report;

use bindrune_wire::{Malformed, NoRoom, Reader, Writer};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{RawHandle, cmd::baseband::CompletedPackets};

pub use classic::ClassicEvent;
pub use code::{EventCode, Subevent};
pub use command::{CommandComplete, CommandStatus, DataBufferOverflow, HardwareError};
pub use le::{
    AdvertisingSetTerminated, ChannelSelectionAlgorithm, ConnectionComplete,
    ConnectionUpdateComplete, DataLengthChange, EnhancedConnectionComplete, GenerateDhKeyComplete,
    LongTermKeyRequest, PhyUpdateComplete, ReadLocalP256PublicKeyComplete,
    ReadRemoteFeaturesComplete, RemoteConnectionParameterRequest, ScanRequestReceived,
};
pub use link::{
    DisconnectionComplete, EncryptionChange, EncryptionChangeV2, EncryptionKeyRefreshComplete,
    ReadRemoteVersionComplete,
};
pub use report::{
    AdvertisingReport, AdvertisingReports, DataStatus, DirectedAdvertisingReport,
    DirectedAdvertisingReports, ExtendedAdvertisingReport, ExtendedAdvertisingReports,
    ExtendedEventType,
};

/// The longest event packet without its H4 indicator: code, length and 255 octets of parameters.
pub const EVENT_MAX: usize = 257;

/// An event packet, unparsed: code and parameters. [Vol 4] Part E, 5.4.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawEvent<'a> {
    /// The event code.
    pub code: EventCode,
    /// The parameters, with the length of the length octet.
    pub parameters: &'a [u8],
}

impl<'a> RawEvent<'a> {
    /// Parses an event packet without H4 indicator.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(packet: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(packet);
        let code = EventCode(r.u8()?);
        let len = r.u8()?;
        let parameters = r.bytes(len.into())?;
        r.finish()?;
        Ok(Self { code, parameters })
    }
}

/// Returns the handle and the number of completed packets of an event packet for one link, by far the most frequent
/// event. `None` for any other event. [Vol 4] Part E, 7.7.19
#[must_use]
pub const fn completed_of_one_link(packet: &[u8]) -> Option<(RawHandle, u16)> {
    match *packet {
        [code, 5, 1, a, b, c, d] if code == EventCode::NUMBER_OF_COMPLETED_PACKETS.0 => {
            Some((RawHandle::new(u16::from_le_bytes([a, b])), u16::from_le_bytes([c, d])))
        }
        _ => None,
    }
}

/// Reads exactly `count` links with their completed packets.
pub(crate) fn completed_packets(
    count: u8,
    octets: &[u8],
) -> Result<&[CompletedPackets], Malformed> {
    let links = <[CompletedPackets]>::ref_from_bytes(octets).map_err(|_| Malformed::Truncated)?;
    if links.len() == usize::from(count) { Ok(links) } else { Err(Malformed::Value) }
}

/// Writes code, length, and the parameters from `write`. After an error, a part may have been written.
fn write_packet(
    w: &mut Writer<'_>,
    code: EventCode,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), NoRoom>,
) -> Result<(), NoRoom> {
    w.u8(code.0)?;
    let at = w.len();
    w.u8(0)?;
    let start = w.len();
    write(w)?;
    let len = u8::try_from(w.len().saturating_sub(start)).map_err(|_| NoRoom)?;
    *w.written_mut().get_mut(at).ok_or(NoRoom)? = len;
    Ok(())
}

/// Returns a view of the first octets; ignores the rest.
fn view<T>(octets: &[u8]) -> Result<&T, Malformed>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned,
{
    Reader::new(octets).view()
}

/// Declares the events of fixed length, the enum of all events, and its parser and emitter.
macro_rules! events {
    (
        by_code { $($(#[$meta:meta])* $name:ident($view:ty) = $code:ident,)* }
        by_subevent { $($(#[$le_meta:meta])* $le_name:ident($le_view:ty) = $subevent:ident,)* }
    ) => {
        /// An event, read in place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event<'a> {
            $($(#[$meta])* $name(&'a $view),)*
            $($(#[$le_meta])* $le_name(&'a $le_view),)*
            /// A command ended. [Vol 4] Part E, 7.7.14
            CommandComplete(CommandComplete<'a>),
            /// Buffers of the controller became free. [Vol 4] Part E, 7.7.19
            NumberOfCompletedPackets(&'a [CompletedPackets]),
            /// Legacy advertising was received. [Vol 4] Part E, 7.7.65.2
            LeAdvertisingReport(AdvertisingReports<'a>),
            /// Directed advertising to a private address was received. [Vol 4] Part E, 7.7.65.11
            LeDirectedAdvertisingReport(DirectedAdvertisingReports<'a>),
            /// Extended or legacy advertising was received. [Vol 4] Part E, 7.7.65.13
            LeExtendedAdvertisingReport(ExtendedAdvertisingReports<'a>),
            /// Scanning ended after its time. [Vol 4] Part E, 7.7.65.17
            LeScanTimeout,
            /// An unknown LE event. [Vol 4] Part E, 7.7.65
            LeUnknown {
                /// The subevent code.
                subevent: Subevent,
                /// The parameters after the subevent code.
                parameters: &'a [u8],
            },
            /// An unknown event, including vendor events (0xff).
            Unknown(RawEvent<'a>),
        }

        impl<'a> Event<'a> {
            /// Parses the parameters of the event `code`.
            ///
            /// # Errors
            ///
            /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
            pub fn parse(code: EventCode, parameters: &'a [u8]) -> Result<Self, Malformed> {
                Self::parse_handled(code, parameters, |_, _| true)
            }

            /// Like [`Self::parse`], for a host that handles only some events: those that `handles` refuses are
            /// [`Self::Unknown`] or [`Self::LeUnknown`]. It is not asked about Command Complete, Number Of Completed
            /// Packets and LE Scan Timeout. It gets constants, so the compiler removes what parses the refused events.
            ///
            /// # Errors
            ///
            /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
            pub fn parse_handled(
                code: EventCode,
                parameters: &'a [u8],
                handles: impl Fn(EventCode, Option<Subevent>) -> bool,
            ) -> Result<Self, Malformed> {
                Ok(match code {
                    $(EventCode::$code if handles(EventCode::$code, None) => {
                        Self::$name(view(parameters)?)
                    })*
                    EventCode::COMMAND_COMPLETE => {
                        Self::CommandComplete(CommandComplete::parse(parameters)?)
                    }
                    EventCode::NUMBER_OF_COMPLETED_PACKETS => {
                        let mut r = Reader::new(parameters);
                        let count = r.u8()?;
                        Self::NumberOfCompletedPackets(completed_packets(count, r.rest())?)
                    }
                    EventCode::LE_META => {
                        let mut r = Reader::new(parameters);
                        let subevent = Subevent(r.u8()?);
                        let handles = |subevent| handles(EventCode::LE_META, Some(subevent));
                        return Self::parse_le(subevent, r.rest(), handles);
                    }
                    _ => Self::Unknown(RawEvent { code, parameters }),
                })
            }

            fn parse_le(
                subevent: Subevent,
                parameters: &'a [u8],
                handles: impl Fn(Subevent) -> bool,
            ) -> Result<Self, Malformed> {
                Ok(match subevent {
                    $(Subevent::$subevent if handles(Subevent::$subevent) => {
                        Self::$le_name(view(parameters)?)
                    })*
                    Subevent::ADVERTISING_REPORT if handles(Subevent::ADVERTISING_REPORT) => {
                        Self::LeAdvertisingReport(AdvertisingReports::parse(parameters)?)
                    }
                    Subevent::DIRECTED_ADVERTISING_REPORT
                        if handles(Subevent::DIRECTED_ADVERTISING_REPORT) =>
                    {
                        let reports = DirectedAdvertisingReports::parse(parameters)?;
                        Self::LeDirectedAdvertisingReport(reports)
                    }
                    Subevent::EXTENDED_ADVERTISING_REPORT
                        if handles(Subevent::EXTENDED_ADVERTISING_REPORT) =>
                    {
                        let reports = ExtendedAdvertisingReports::parse(parameters)?;
                        Self::LeExtendedAdvertisingReport(reports)
                    }
                    Subevent::SCAN_TIMEOUT => Self::LeScanTimeout,
                    _ => Self::LeUnknown { subevent, parameters },
                })
            }

            /// Returns the event code; all LE events have [`EventCode::LE_META`].
            #[must_use]
            pub const fn code(&self) -> EventCode {
                match self {
                    $(Self::$name(_) => EventCode::$code,)*
                    Self::CommandComplete(_) => EventCode::COMMAND_COMPLETE,
                    Self::NumberOfCompletedPackets(_) => EventCode::NUMBER_OF_COMPLETED_PACKETS,
                    Self::Unknown(raw) => raw.code,
                    $(Self::$le_name(_) => EventCode::LE_META,)*
                    Self::LeAdvertisingReport(_)
                    | Self::LeDirectedAdvertisingReport(_)
                    | Self::LeExtendedAdvertisingReport(_)
                    | Self::LeScanTimeout
                    | Self::LeUnknown { .. } => EventCode::LE_META,
                }
            }

            /// Returns the subevent code of an LE event.
            #[must_use]
            pub const fn subevent(&self) -> Option<Subevent> {
                Some(match self {
                    $(Self::$le_name(_) => Subevent::$subevent,)*
                    Self::LeAdvertisingReport(_) => Subevent::ADVERTISING_REPORT,
                    Self::LeDirectedAdvertisingReport(_) => Subevent::DIRECTED_ADVERTISING_REPORT,
                    Self::LeExtendedAdvertisingReport(_) => Subevent::EXTENDED_ADVERTISING_REPORT,
                    Self::LeScanTimeout => Subevent::SCAN_TIMEOUT,
                    Self::LeUnknown { subevent, .. } => *subevent,
                    $(Self::$name(_) => return None,)*
                    Self::CommandComplete(_)
                    | Self::NumberOfCompletedPackets(_)
                    | Self::Unknown(_) => return None,
                })
            }

            /// Writes the event packet. After an error, a part may have been written.
            ///
            /// # Errors
            ///
            /// [`NoRoom`] if the buffer is too small.
            pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
                write_packet(w, self.code(), |w| {
                    if let Some(subevent) = self.subevent() {
                        w.u8(subevent.0)?;
                    }
                    self.write_parameters(w)
                })
            }

            fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
                match self {
                    $(Self::$name(view) => w.view(*view),)*
                    $(Self::$le_name(view) => w.view(*view),)*
                    Self::CommandComplete(complete) => complete.write(w),
                    Self::NumberOfCompletedPackets(links) => {
                        w.u8(u8::try_from(links.len()).map_err(|_| NoRoom)?)?;
                        w.bytes(links.as_bytes())
                    }
                    Self::LeAdvertisingReport(reports) => w.bytes(reports.as_bytes()),
                    Self::LeDirectedAdvertisingReport(reports) => w.bytes(reports.as_bytes()),
                    Self::LeExtendedAdvertisingReport(reports) => w.bytes(reports.as_bytes()),
                    Self::LeScanTimeout => Ok(()),
                    Self::LeUnknown { parameters, .. } => w.bytes(parameters),
                    Self::Unknown(raw) => w.bytes(raw.parameters),
                }
            }
        }
    };
}

events! {
    by_code {
        /// A link ended, or failed to end. [Vol 4] Part E, 7.7.5
        DisconnectionComplete(DisconnectionComplete) = DISCONNECTION_COMPLETE,
        /// Encryption of a link was turned on or off. [Vol 4] Part E, 7.7.8
        EncryptionChange(EncryptionChange) = ENCRYPTION_CHANGE,
        /// Encryption of a link was turned on or off, with the key's size. [Vol 4] Part E, 7.7.8
        EncryptionChangeV2(EncryptionChangeV2) = ENCRYPTION_CHANGE_V2,
        /// The key of an encrypted link was renewed. [Vol 4] Part E, 7.7.39
        EncryptionKeyRefreshComplete(EncryptionKeyRefreshComplete) = ENCRYPTION_KEY_REFRESH_COMPLETE,
        /// A peer reported its version. [Vol 4] Part E, 7.7.12
        ReadRemoteVersionComplete(ReadRemoteVersionComplete) = READ_REMOTE_VERSION_COMPLETE,
        /// A command started or was refused. [Vol 4] Part E, 7.7.15
        CommandStatus(CommandStatus) = COMMAND_STATUS,
        /// The controller has a hardware failure. [Vol 4] Part E, 7.7.16
        HardwareError(HardwareError) = HARDWARE_ERROR,
        /// The host sent more data than the controller's buffers hold. [Vol 4] Part E, 7.7.26
        DataBufferOverflow(DataBufferOverflow) = DATA_BUFFER_OVERFLOW,
    }
    by_subevent {
        /// A link came up, or failed to. [Vol 4] Part E, 7.7.65.1
        LeConnectionComplete(ConnectionComplete) = CONNECTION_COMPLETE,
        /// A link's parameters changed, or failed to. [Vol 4] Part E, 7.7.65.3
        LeConnectionUpdateComplete(ConnectionUpdateComplete) = CONNECTION_UPDATE_COMPLETE,
        /// A peer reported its features. [Vol 4] Part E, 7.7.65.4
        LeReadRemoteFeaturesComplete(ReadRemoteFeaturesComplete) = READ_REMOTE_FEATURES_COMPLETE,
        /// A central encrypts the link, and the controller needs the key. [Vol 4] Part E, 7.7.65.5
        LeLongTermKeyRequest(LongTermKeyRequest) = LONG_TERM_KEY_REQUEST,
        /// A peer requests other parameters. [Vol 4] Part E, 7.7.65.6
        LeRemoteConnectionParameterRequest(RemoteConnectionParameterRequest)
            = REMOTE_CONNECTION_PARAMETER_REQUEST,
        /// The longest packets of a link changed. [Vol 4] Part E, 7.7.65.7
        LeDataLengthChange(DataLengthChange) = DATA_LENGTH_CHANGE,
        /// A key pair was generated. [Vol 4] Part E, 7.7.65.8
        LeReadLocalP256PublicKeyComplete(ReadLocalP256PublicKeyComplete)
            = READ_LOCAL_P256_PUBLIC_KEY_COMPLETE,
        /// A shared key was generated. [Vol 4] Part E, 7.7.65.9
        LeGenerateDhKeyComplete(GenerateDhKeyComplete) = GENERATE_DHKEY_COMPLETE,
        /// A link came up, or failed to; with the private addresses. [Vol 4] Part E, 7.7.65.10
        LeEnhancedConnectionComplete(EnhancedConnectionComplete) = ENHANCED_CONNECTION_COMPLETE,
        /// A link's PHYs changed, or failed to. [Vol 4] Part E, 7.7.65.12
        LePhyUpdateComplete(PhyUpdateComplete) = PHY_UPDATE_COMPLETE,
        /// A set ended, after its time or by a connection. [Vol 4] Part E, 7.7.65.18
        LeAdvertisingSetTerminated(AdvertisingSetTerminated) = ADVERTISING_SET_TERMINATED,
        /// A scanner requested the scan response. [Vol 4] Part E, 7.7.65.19
        LeScanRequestReceived(ScanRequestReceived) = SCAN_REQUEST_RECEIVED,
        /// Channel selection algorithm of a link. [Vol 4] Part E, 7.7.65.20
        LeChannelSelectionAlgorithm(ChannelSelectionAlgorithm) = CHANNEL_SELECTION_ALGORITHM,
    }
}

/// Declares the parameters of events of fixed length.
macro_rules! views {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => { $(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, zerocopy::FromBytes, zerocopy::IntoBytes,
            zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned,
        )]
        #[repr(C)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }
    )* };
}
use views;

#[cfg(test)]
mod tests;
