use bindrune_wire::{Malformed, NoRoom, Reader, Writer, open_enum};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U16};

use super::AddressReturn;
use crate::{
    BdAddress, Lap, Opcode, ScanRepetition,
    cmd::{Accepted, Command, Done, commands, queries},
};

/// Longest local or remote name in octets of UTF-8.
pub const LOCAL_NAME_LEN: usize = 248;
/// Length of an extended inquiry response in octets; unused ones are 0.
pub const EXTENDED_INQUIRY_RESPONSE_LEN: usize = 240;

commands! {
    /// Searches for devices. Inquiry results, and Inquiry Complete, follow. [Vol 4] Part E, 7.1.1
    Inquiry = INQUIRY -> Accepted {
        /// The devices that answer.
        lap: Lap,
        /// Duration in units of 1.28 s, 0x01 to 0x30.
        length: u8,
        /// Number of results after which it ends; 0 for no limit.
        max_responses: u8,
    }

    /// Reads a device's name. Remote Name Request Complete follows. [Vol 4] Part E, 7.1.19
    RemoteNameRequest = REMOTE_NAME_REQUEST -> Accepted {
        /// The device.
        address: BdAddress,
        /// As in the inquiry result.
        scan_repetition: ScanRepetition,
        /// Always 0.
        reserved: u8,
        /// Bits 16 to 2 of the difference of the clocks; bit 15 if it is valid.
        clock_offset: U16,
    }

    /// Cancels [`RemoteNameRequest`]. [Vol 4] Part E, 7.1.20
    RemoteNameRequestCancel = REMOTE_NAME_REQUEST_CANCEL -> AddressReturn {
        /// The device.
        address: BdAddress,
    }

    /// Sets the name of this device. [Vol 4] Part E, 7.3.11
    WriteLocalName = WRITE_LOCAL_NAME -> Done {
        /// The name.
        name: LocalName,
    }

    /// Selects the form of inquiry results. [Vol 4] Part E, 7.3.50
    WriteInquiryMode = WRITE_INQUIRY_MODE -> Done {
        /// The form.
        mode: InquiryMode,
    }

    /// Sets the data of inquiry responses. [Vol 4] Part E, 7.3.56
    WriteExtendedInquiryResponse = WRITE_EXTENDED_INQUIRY_RESPONSE -> Done {
        /// 1 if the response needs forward error correction.
        fec_required: u8,
        /// Structures as in advertising data; zeros after them.
        data: [u8; EXTENDED_INQUIRY_RESPONSE_LEN],
    }
}

queries! {
    /// Ends an inquiry. Inquiry Complete does not follow. [Vol 4] Part E, 7.1.2
    InquiryCancel = INQUIRY_CANCEL -> Done;
}

open_enum! {
    /// Form of inquiry results. [Vol 4] Part E, 7.3.50
    pub struct InquiryMode(u8) {
        /// Inquiry Result.
        STANDARD = 0x00,
        /// Inquiry Result with RSSI.
        RSSI = 0x01,
        /// Inquiry Result with RSSI, or Extended Inquiry Result.
        EXTENDED = 0x02,
    }
}

/// The name of a device in UTF-8: ends at the first zero, or after 248 octets.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(transparent)]
pub struct LocalName(pub [u8; LOCAL_NAME_LEN]);

impl LocalName {
    /// Creates it; a longer name is cut at the end of a character.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut octets = [0; LOCAL_NAME_LEN];
        let end = name.floor_char_boundary(LOCAL_NAME_LEN);
        for (octet, from) in octets.iter_mut().zip(name.bytes().take(end)) {
            *octet = from;
        }
        Self(octets)
    }

    /// Returns the octets before the first zero.
    #[must_use]
    pub fn get(&self) -> &[u8] {
        self.0.split(|octet| *octet == 0).next().unwrap_or_default()
    }
}

/// Selects the inquiries that this device answers. [Vol 4] Part E, 7.3.45
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteCurrentIacLap<'a> {
    /// At least one; 64 at most.
    pub laps: &'a [Lap],
}

impl<'a> WriteCurrentIacLap<'a> {
    /// Parses the parameters of this command.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let count = r.u8()?;
        let laps = <[Lap]>::ref_from_bytes(r.rest()).map_err(|_| Malformed::Truncated)?;
        if laps.len() == usize::from(count) && (1..=0x40).contains(&count) {
            Ok(Self { laps })
        } else {
            Err(Malformed::Value)
        }
    }
}

impl Command for WriteCurrentIacLap<'_> {
    const OPCODE: Opcode = Opcode::WRITE_CURRENT_IAC_LAP;
    type Return = Done;

    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(u8::try_from(self.laps.len()).map_err(|_| NoRoom)?)?;
        w.bytes(self.laps.as_bytes())
    }
}
