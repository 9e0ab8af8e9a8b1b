//! Events that only BR/EDR has. [Vol 4] Part E, 7.7

mod views;

use bindrune_wire::{Malformed, NoRoom, Reader, Writer};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{EventCode, RawEvent, view, write_packet};
use crate::capability::CLASSIC;

pub use views::{
    AuthenticatedPayloadTimeoutExpired, AuthenticationComplete, ConnectionComplete,
    ConnectionPacketTypeChanged, ConnectionRequest, EnhancedFlushComplete, ExtendedInquiryResult,
    FlushOccurred, InquiryComplete, InquiryResult, InquiryResultWithRssi, IoCapabilityRequest,
    IoCapabilityResponse, KeypressNotification, LinkKeyNotification, LinkKeyRequest, LinkKeyType,
    LinkSupervisionTimeoutChanged, MaxSlotsChange, ModeChange, PageScanRepetitionModeChange,
    PinCodeRequest, ReadClockOffsetComplete, ReadRemoteExtendedFeaturesComplete,
    ReadRemoteSupportedFeaturesComplete, RemoteHostSupportedFeatures, RemoteNameRequestComplete,
    RemoteOobDataRequest, RoleChange, SimplePairingComplete, UserConfirmationRequest,
    UserPasskeyNotification, UserPasskeyRequest,
};

/// Declares the event codes, the enum of the events, and its parser and emitter.
macro_rules! events {
    ($($(#[$meta:meta])* $name:ident($view:ty) = $const:ident $code:literal,)*) => {
        impl EventCode {
            $($(#[$meta])* pub const $const: Self = Self($code);)*
            /// Devices answered an inquiry. [Vol 4] Part E, 7.7.2
            pub const INQUIRY_RESULT: Self = Self(0x02);
            /// Devices answered an inquiry, with their signals. [Vol 4] Part E, 7.7.33
            pub const INQUIRY_RESULT_WITH_RSSI: Self = Self(0x22);
        }

        /// Returns the name of an event of BR/EDR.
        pub(super) const fn code_name(code: EventCode) -> Option<&'static str> {
            if !CLASSIC {
                return None;
            }
            match code {
                $(EventCode::$const => Some(stringify!($const)),)*
                EventCode::INQUIRY_RESULT => Some("INQUIRY_RESULT"),
                EventCode::INQUIRY_RESULT_WITH_RSSI => Some("INQUIRY_RESULT_WITH_RSSI"),
                _ => None,
            }
        }

        /// An event of BR/EDR, read in place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ClassicEvent<'a> {
            $($(#[$meta])* $name(&'a $view),)*
            /// Devices answered an inquiry. [Vol 4] Part E, 7.7.2
            InquiryResult(&'a [InquiryResult]),
            /// Devices answered an inquiry, with their signals. [Vol 4] Part E, 7.7.33
            InquiryResultWithRssi(&'a [InquiryResultWithRssi]),
        }

        impl<'a> ClassicEvent<'a> {
            /// Parses the parameters of the event `code`; `None` if it is none of these.
            ///
            /// # Errors
            ///
            /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
            pub fn parse(code: EventCode, parameters: &'a [u8]) -> Result<Option<Self>, Malformed> {
                Ok(Some(match code {
                    $(EventCode::$const => Self::$name(view(parameters)?),)*
                    EventCode::INQUIRY_RESULT => Self::InquiryResult(results(parameters)?),
                    EventCode::INQUIRY_RESULT_WITH_RSSI => {
                        Self::InquiryResultWithRssi(results(parameters)?)
                    }
                    _ => return Ok(None),
                }))
            }

            /// Returns the event code.
            #[must_use]
            pub const fn code(&self) -> EventCode {
                match self {
                    $(Self::$name(_) => EventCode::$const,)*
                    Self::InquiryResult(_) => EventCode::INQUIRY_RESULT,
                    Self::InquiryResultWithRssi(_) => EventCode::INQUIRY_RESULT_WITH_RSSI,
                }
            }

            fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
                match self {
                    $(Self::$name(view) => w.view(*view),)*
                    Self::InquiryResult(results) => write_results(results, w),
                    Self::InquiryResultWithRssi(results) => write_results(results, w),
                }
            }
        }
    };
}

impl<'a> ClassicEvent<'a> {
    /// Parses an event that [`crate::Event::parse`] does not know; `None` if it is none of these.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse_raw(raw: RawEvent<'a>) -> Result<Option<Self>, Malformed> {
        Self::parse(raw.code, raw.parameters)
    }

    /// Writes the event packet. After an error, a part may have been written.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        write_packet(w, self.code(), |w| self.write_parameters(w))
    }
}

/// Reads exactly the counted results.
fn results<T>(parameters: &[u8]) -> Result<&[T], Malformed>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned,
{
    let mut r = Reader::new(parameters);
    let count = r.u8()?;
    let results = <[T]>::ref_from_bytes(r.rest()).map_err(|_| Malformed::Truncated)?;
    if results.len() == usize::from(count) { Ok(results) } else { Err(Malformed::Value) }
}

fn write_results<T: IntoBytes + Immutable>(
    results: &[T],
    w: &mut Writer<'_>,
) -> Result<(), NoRoom> {
    w.u8(u8::try_from(results.len()).map_err(|_| NoRoom)?)?;
    w.bytes(results.as_bytes())
}

events! {
    /// An inquiry ended by itself. [Vol 4] Part E, 7.7.1
    InquiryComplete(InquiryComplete) = INQUIRY_COMPLETE 0x01,
    /// A link came up, or failed to. [Vol 4] Part E, 7.7.3
    ConnectionComplete(ConnectionComplete) = CONNECTION_COMPLETE 0x03,
    /// A peer requests a link. [Vol 4] Part E, 7.7.4
    ConnectionRequest(ConnectionRequest) = CONNECTION_REQUEST 0x04,
    /// Authentication of a peer ended. [Vol 4] Part E, 7.7.6
    AuthenticationComplete(AuthenticationComplete) = AUTHENTICATION_COMPLETE 0x06,
    /// A device's name was read, or could not be. [Vol 4] Part E, 7.7.7
    RemoteNameRequestComplete(RemoteNameRequestComplete) = REMOTE_NAME_REQUEST_COMPLETE 0x07,
    /// A peer reported its features. [Vol 4] Part E, 7.7.11
    ReadRemoteSupportedFeaturesComplete(ReadRemoteSupportedFeaturesComplete)
        = READ_REMOTE_SUPPORTED_FEATURES_COMPLETE 0x0b,
    /// Data of a link was dropped. [Vol 4] Part E, 7.7.17
    FlushOccurred(FlushOccurred) = FLUSH_OCCURRED 0x11,
    /// The roles on a link changed, or failed to. [Vol 4] Part E, 7.7.18
    RoleChange(RoleChange) = ROLE_CHANGE 0x12,
    /// The mode of a link changed, or failed to. [Vol 4] Part E, 7.7.20
    ModeChange(ModeChange) = MODE_CHANGE 0x14,
    /// The controller needs a PIN code. [Vol 4] Part E, 7.7.22
    PinCodeRequest(PinCodeRequest) = PIN_CODE_REQUEST 0x16,
    /// The controller needs the link key. [Vol 4] Part E, 7.7.23
    LinkKeyRequest(LinkKeyRequest) = LINK_KEY_REQUEST 0x17,
    /// A pairing made a link key. [Vol 4] Part E, 7.7.24
    LinkKeyNotification(LinkKeyNotification) = LINK_KEY_NOTIFICATION 0x18,
    /// The longest packets of a link changed. [Vol 4] Part E, 7.7.27
    MaxSlotsChange(MaxSlotsChange) = MAX_SLOTS_CHANGE 0x1b,
    /// The difference of the clocks was read, or could not be. [Vol 4] Part E, 7.7.28
    ReadClockOffsetComplete(ReadClockOffsetComplete) = READ_CLOCK_OFFSET_COMPLETE 0x1c,
    /// The packet types of a link changed, or failed to. [Vol 4] Part E, 7.7.29
    ConnectionPacketTypeChanged(ConnectionPacketTypeChanged) = CONNECTION_PACKET_TYPE_CHANGED 0x1d,
    /// A device listens for pages more or less often. [Vol 4] Part E, 7.7.31
    PageScanRepetitionModeChange(PageScanRepetitionModeChange)
        = PAGE_SCAN_REPETITION_MODE_CHANGE 0x20,
    /// A peer reported one page of its features. [Vol 4] Part E, 7.7.34
    ReadRemoteExtendedFeaturesComplete(ReadRemoteExtendedFeaturesComplete)
        = READ_REMOTE_EXTENDED_FEATURES_COMPLETE 0x23,
    /// A device answered an inquiry, with its signal and its data. [Vol 4] Part E, 7.7.38
    ExtendedInquiryResult(ExtendedInquiryResult) = EXTENDED_INQUIRY_RESULT 0x2f,
    /// The controller needs what this device can do for a pairing. [Vol 4] Part E, 7.7.40
    IoCapabilityRequest(IoCapabilityRequest) = IO_CAPABILITY_REQUEST 0x31,
    /// What the peer can do for a pairing. [Vol 4] Part E, 7.7.41
    IoCapabilityResponse(IoCapabilityResponse) = IO_CAPABILITY_RESPONSE 0x32,
    /// The user must compare a number. [Vol 4] Part E, 7.7.42
    UserConfirmationRequest(UserConfirmationRequest) = USER_CONFIRMATION_REQUEST 0x33,
    /// The user must enter the peer's passkey. [Vol 4] Part E, 7.7.43
    UserPasskeyRequest(UserPasskeyRequest) = USER_PASSKEY_REQUEST 0x34,
    /// The controller needs data received out of band. [Vol 4] Part E, 7.7.44
    RemoteOobDataRequest(RemoteOobDataRequest) = REMOTE_OOB_DATA_REQUEST 0x35,
    /// A pairing ended. [Vol 4] Part E, 7.7.45
    SimplePairingComplete(SimplePairingComplete) = SIMPLE_PAIRING_COMPLETE 0x36,
    /// The peer changed the supervision timeout. [Vol 4] Part E, 7.7.46
    LinkSupervisionTimeoutChanged(LinkSupervisionTimeoutChanged)
        = LINK_SUPERVISION_TIMEOUT_CHANGED 0x38,
    /// The flushable data of a link was dropped. [Vol 4] Part E, 7.7.47
    EnhancedFlushComplete(EnhancedFlushComplete) = ENHANCED_FLUSH_COMPLETE 0x39,
    /// The passkey that the peer's user must enter. [Vol 4] Part E, 7.7.48
    UserPasskeyNotification(UserPasskeyNotification) = USER_PASSKEY_NOTIFICATION 0x3b,
    /// The peer's user pressed a key. [Vol 4] Part E, 7.7.49
    KeypressNotification(KeypressNotification) = KEYPRESS_NOTIFICATION 0x3c,
    /// What the peer's host turned on. [Vol 4] Part E, 7.7.50
    RemoteHostSupportedFeatures(RemoteHostSupportedFeatures) = REMOTE_HOST_SUPPORTED_FEATURES 0x3d,
    /// No authenticated packet arrived in time. [Vol 4] Part E, 7.7.75
    AuthenticatedPayloadTimeoutExpired(AuthenticatedPayloadTimeoutExpired)
        = AUTHENTICATED_PAYLOAD_TIMEOUT_EXPIRED 0x57,
}

#[cfg(test)]
mod tests;
