//! The PDUs of the Security Manager Protocol. [Vol 3] Part H, 3

use core::fmt;

use bindrune_wire::{
    Address, Malformed, NoRoom, Reader, Writer, open_enum,
    zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned},
};
use bitflags::bitflags;

use crate::keys::PublicKey;

open_enum! {
    /// The first octet of a PDU. [Vol 3] Part H, 3.3
    pub struct Code(u8) {
        /// Pairing Request.
        PAIRING_REQUEST = 0x01,
        /// Pairing Response.
        PAIRING_RESPONSE = 0x02,
        /// Pairing Confirm.
        PAIRING_CONFIRM = 0x03,
        /// Pairing Random.
        PAIRING_RANDOM = 0x04,
        /// Pairing Failed.
        PAIRING_FAILED = 0x05,
        /// Encryption Information.
        ENCRYPTION_INFORMATION = 0x06,
        /// Central Identification.
        CENTRAL_IDENTIFICATION = 0x07,
        /// Identity Information.
        IDENTITY_INFORMATION = 0x08,
        /// Identity Address Information.
        IDENTITY_ADDRESS_INFORMATION = 0x09,
        /// Signing Information.
        SIGNING_INFORMATION = 0x0a,
        /// Security Request.
        SECURITY_REQUEST = 0x0b,
        /// Pairing Public Key.
        PAIRING_PUBLIC_KEY = 0x0c,
        /// Pairing DHKey Check.
        PAIRING_DHKEY_CHECK = 0x0d,
        /// Pairing Keypress Notification.
        KEYPRESS_NOTIFICATION = 0x0e,
    }
}

open_enum! {
    /// Reason why a pairing failed. [Vol 3] Part H, 3.5.5
    pub struct Reason(u8) {
        /// The user did not enter the passkey.
        PASSKEY_ENTRY_FAILED = 0x01,
        /// The OOB data is not available.
        OOB_NOT_AVAILABLE = 0x02,
        /// The security requirements cannot be met.
        AUTHENTICATION_REQUIREMENTS = 0x03,
        /// A confirm value does not match.
        CONFIRM_VALUE_FAILED = 0x04,
        /// The device does not pair.
        PAIRING_NOT_SUPPORTED = 0x05,
        /// The key would be shorter than this device accepts.
        ENCRYPTION_KEY_SIZE = 0x06,
        /// The command is not supported.
        COMMAND_NOT_SUPPORTED = 0x07,
        /// Anything else.
        UNSPECIFIED_REASON = 0x08,
        /// The last failure is too recent.
        REPEATED_ATTEMPTS = 0x09,
        /// A parameter, or the length, is invalid.
        INVALID_PARAMETERS = 0x0a,
        /// The DHKey or its check is wrong.
        DHKEY_CHECK_FAILED = 0x0b,
        /// The numbers shown differ.
        NUMERIC_COMPARISON_FAILED = 0x0c,
        /// A BR/EDR pairing is in progress.
        BR_EDR_PAIRING_IN_PROGRESS = 0x0d,
        /// Keys cannot be derived across transports.
        CROSS_TRANSPORT_NOT_ALLOWED = 0x0e,
        /// A distributed key was rejected.
        KEY_REJECTED = 0x0f,
        /// The device is busy.
        BUSY = 0x10,
    }
}

open_enum! {
    /// Type of a keypress. [Vol 3] Part H, 3.5.8
    pub struct Keypress(u8) {
        /// Entry started.
        STARTED = 0x00,
        /// A digit was entered.
        DIGIT_ENTERED = 0x01,
        /// A digit was erased.
        DIGIT_ERASED = 0x02,
        /// All digits were erased.
        CLEARED = 0x03,
        /// Entry completed.
        COMPLETED = 0x04,
    }
}

bitflags! {
    /// Requirements of a device for a pairing. [Vol 3] Part H, 3.5.1
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct AuthReq: u8 {
        /// The device keeps the keys.
        const BONDING = 0x01;
        /// Protection against a man in the middle.
        const MITM = 0x04;
        /// LE Secure Connections.
        const SECURE_CONNECTIONS = 0x08;
        /// Keypress notifications.
        const KEYPRESS = 0x10;
        /// The h7 function.
        const CT2 = 0x20;
    }

    /// The keys that are distributed. [Vol 3] Part H, 3.6.1
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct KeyDistribution: u8 {
        /// LTK, EDIV and Rand; nothing in LE Secure Connections.
        const ENCRYPTION = 0x01;
        /// IRK and identity address.
        const IDENTITY = 0x02;
        /// CSRK.
        const SIGNING = 0x04;
        /// BR/EDR link key.
        const LINK = 0x08;
    }
}

/// The parameters of Pairing Request and Pairing Response. [Vol 3] Part H, 3.5.1
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[zerocopy(crate = "bindrune_wire::zerocopy")]
#[repr(C)]
pub struct Features {
    /// IO capability, 0 to 4.
    pub io: u8,
    /// 1 if the peer's OOB data is present.
    pub oob: u8,
    /// [`AuthReq`], including reserved bits that the sender set.
    pub auth: u8,
    /// Maximum encryption key size in octets, 7 to 16.
    pub key_size: u8,
    /// [`KeyDistribution`] of the initiator.
    pub initiator_keys: u8,
    /// [`KeyDistribution`] of the responder.
    pub responder_keys: u8,
}

/// One PDU.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pdu {
    /// Pairing Request. [Vol 3] Part H, 3.5.1
    PairingRequest(Features),
    /// Pairing Response. [Vol 3] Part H, 3.5.2
    PairingResponse(Features),
    /// Pairing Confirm. [Vol 3] Part H, 3.5.3
    Confirm([u8; 16]),
    /// Pairing Random. [Vol 3] Part H, 3.5.4
    Random([u8; 16]),
    /// Pairing Failed. [Vol 3] Part H, 3.5.5
    Failed(Reason),
    /// Encryption Information: the LTK. [Vol 3] Part H, 3.6.2
    EncryptionInformation([u8; 16]),
    /// Central Identification: EDIV and Rand. [Vol 3] Part H, 3.6.3
    CentralIdentification(u16, u64),
    /// Identity Information: the IRK. [Vol 3] Part H, 3.6.4
    IdentityInformation([u8; 16]),
    /// Identity Address Information. [Vol 3] Part H, 3.6.5
    IdentityAddress(Address),
    /// Signing Information: the CSRK. [Vol 3] Part H, 3.6.6
    SigningInformation([u8; 16]),
    /// Security Request. [Vol 3] Part H, 3.6.7
    SecurityRequest(AuthReq),
    /// Pairing Public Key. [Vol 3] Part H, 3.5.6
    PublicKey(PublicKey),
    /// Pairing DHKey Check. [Vol 3] Part H, 3.5.7
    DhKeyCheck([u8; 16]),
    /// Pairing Keypress Notification. [Vol 3] Part H, 3.5.8
    Keypress(Keypress),
}

/// The pattern of a PDU of phase 2 or 3 of a pairing. [Vol 3] Part H, 2.1
macro_rules! step {
    () => {
        $crate::pdu::Pdu::Confirm(_)
            | $crate::pdu::Pdu::Random(_)
            | $crate::pdu::Pdu::EncryptionInformation(_)
            | $crate::pdu::Pdu::CentralIdentification(..)
            | $crate::pdu::Pdu::IdentityInformation(_)
            | $crate::pdu::Pdu::IdentityAddress(_)
            | $crate::pdu::Pdu::SigningInformation(_)
            | $crate::pdu::Pdu::PublicKey(_)
            | $crate::pdu::Pdu::DhKeyCheck(_)
    };
}
pub(crate) use step;

/// The octets are not a known PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PduError {
    /// No octets at all.
    Empty,
    /// A reserved code.
    Unknown(Code),
    /// A known code, but a wrong length or value.
    Malformed(Code, Malformed),
}

impl Pdu {
    /// Parses a whole PDU.
    ///
    /// # Errors
    ///
    /// [`PduError`] if the PDU is empty, its code is reserved, or its length or a field is wrong.
    pub fn parse(octets: &[u8]) -> Result<Self, PduError> {
        let mut r = Reader::new(octets);
        let code = Code(r.u8().map_err(|_| PduError::Empty)?);
        if code.name().is_none() {
            return Err(PduError::Unknown(code));
        }
        let malformed = |error| PduError::Malformed(code, error);
        let pdu = Self::parameters(code, &mut r).map_err(malformed)?;
        r.finish().map_err(malformed)?;
        Ok(pdu)
    }

    fn parameters(code: Code, r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match code {
            Code::PAIRING_REQUEST => Self::PairingRequest(Features::parse(r)?),
            Code::PAIRING_RESPONSE => Self::PairingResponse(Features::parse(r)?),
            Code::PAIRING_FAILED => Self::Failed(Reason(r.u8()?)),
            Code::CENTRAL_IDENTIFICATION => Self::CentralIdentification(r.u16()?, r.u64()?),
            Code::IDENTITY_ADDRESS_INFORMATION => Self::IdentityAddress(identity(r)?),
            Code::SECURITY_REQUEST => Self::SecurityRequest(AuthReq::from_bits_truncate(r.u8()?)),
            Code::PAIRING_PUBLIC_KEY => Self::PublicKey(*r.view::<PublicKey>()?),
            Code::KEYPRESS_NOTIFICATION => Self::Keypress(Keypress(r.u8()?)),
            _ => {
                // One value of 16 octets.
                let value = r.array()?;
                match code {
                    Code::PAIRING_CONFIRM => Self::Confirm(value),
                    Code::PAIRING_RANDOM => Self::Random(value),
                    Code::ENCRYPTION_INFORMATION => Self::EncryptionInformation(value),
                    Code::IDENTITY_INFORMATION => Self::IdentityInformation(value),
                    Code::SIGNING_INFORMATION => Self::SigningInformation(value),
                    Code::PAIRING_DHKEY_CHECK => Self::DhKeyCheck(value),
                    _ => return Err(Malformed::Value),
                }
            }
        })
    }

    /// Writes the PDU.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let start = w.len();
        self.write_all(w).inspect_err(|_| w.truncate(start))
    }

    fn write_all(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(self.code().0)?;
        match self {
            Self::PairingRequest(features) | Self::PairingResponse(features) => w.view(features),
            Self::Confirm(value)
            | Self::Random(value)
            | Self::EncryptionInformation(value)
            | Self::IdentityInformation(value)
            | Self::SigningInformation(value)
            | Self::DhKeyCheck(value) => w.bytes(value),
            Self::Failed(reason) => w.u8(reason.0),
            Self::CentralIdentification(ediv, rand) => w.u16(*ediv).and_then(|()| w.u64(*rand)),
            Self::IdentityAddress(address) => {
                w.u8(address.hci_kind())?;
                w.bytes(&address.octets())
            }
            Self::SecurityRequest(auth) => w.u8(auth.bits()),
            Self::PublicKey(key) => w.view(key),
            Self::Keypress(keypress) => w.u8(keypress.0),
        }
    }

    /// Returns the code that the PDU starts with.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::PairingRequest(_) => Code::PAIRING_REQUEST,
            Self::PairingResponse(_) => Code::PAIRING_RESPONSE,
            Self::Confirm(_) => Code::PAIRING_CONFIRM,
            Self::Random(_) => Code::PAIRING_RANDOM,
            Self::Failed(_) => Code::PAIRING_FAILED,
            Self::EncryptionInformation(_) => Code::ENCRYPTION_INFORMATION,
            Self::CentralIdentification(..) => Code::CENTRAL_IDENTIFICATION,
            Self::IdentityInformation(_) => Code::IDENTITY_INFORMATION,
            Self::IdentityAddress(_) => Code::IDENTITY_ADDRESS_INFORMATION,
            Self::SigningInformation(_) => Code::SIGNING_INFORMATION,
            Self::SecurityRequest(_) => Code::SECURITY_REQUEST,
            Self::PublicKey(_) => Code::PAIRING_PUBLIC_KEY,
            Self::DhKeyCheck(_) => Code::PAIRING_DHKEY_CHECK,
            Self::Keypress(_) => Code::KEYPRESS_NOTIFICATION,
        }
    }
}

impl fmt::Debug for Pdu {
    /// Writes only the code, because the parameters may be keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.code())
    }
}

impl Features {
    /// Parses the six octets. Refuses reserved values, but not reserved bits of flags. A key size below 7 is not
    /// refused here: `agree` answers it with Encryption Key Size (0x06). [Vol 3] Part H, 3.5.5
    fn parse(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let features = *r.view::<Self>()?;
        let valid = features.io <= 4 && features.oob <= 1 && features.key_size <= 16;
        if valid { Ok(features) } else { Err(Malformed::Value) }
    }

    /// Returns the known bits of the authentication requirements.
    #[must_use]
    pub const fn auth(&self) -> AuthReq {
        AuthReq::from_bits_truncate(self.auth)
    }

    /// Returns the three octets that [`crate::crypto::f6`] takes, least significant first. [Vol 3] Part H, 2.2.8
    #[must_use]
    pub const fn io_cap(&self) -> [u8; 3] {
        [self.io, self.oob, self.auth]
    }
}

/// Parses a public or static random address; no other address is an identity.
fn identity(r: &mut Reader<'_>) -> Result<Address, Malformed> {
    let (kind, octets) = (r.u8()?, r.array()?);
    if kind > 1 {
        return Err(Malformed::Value);
    }
    Address::from_hci(kind, octets).filter(|address| address.is_identity()).ok_or(Malformed::Value)
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_parsed_with_its_reserved_bits() {
        let pdu = Pdu::parse(&hex!("01 03 00 c1 10 01 01")).unwrap();
        let Pdu::PairingRequest(features) = pdu else { panic!("{pdu:?}") };
        assert_eq!((features.auth, features.auth()), (0xc1, AuthReq::BONDING));
    }

    #[test]
    fn reserved_values_and_wrong_lengths_are_malformed() {
        for octets in [
            &hex!("01ff")[..],
            &hex!("0103000110010100"),
            &hex!("01030001110101"),
            &hex!("01030001ff0101"),
            &hex!("01050001100101"),
            &hex!("01030201100101"),
            &hex!("0900"),
            &hex!("0902665544332211"),
            &hex!("0901665544332201"),
        ] {
            assert!(matches!(Pdu::parse(octets), Err(PduError::Malformed(..))), "{octets:02x?}");
        }
        assert_eq!(Pdu::parse(&[]), Err(PduError::Empty));
        assert_eq!(Pdu::parse(&[0xff]), Err(PduError::Unknown(Code(0xff))));
    }

    proptest! {
        #[test]
        fn a_parsed_pdu_is_written_back_unchanged(
            code in 0u8..16,
            tail in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..20),
                proptest::collection::vec(any::<u8>(), 64..66),
            ],
        ) {
            let octets: std::vec::Vec<u8> = core::iter::once(code).chain(tail).collect();
            if let Ok(pdu) = Pdu::parse(&octets) {
                let mut buffer = [0; 65];
                let mut w = Writer::new(&mut buffer);
                pdu.write(&mut w).unwrap();
                if pdu.code() == Code::SECURITY_REQUEST {
                    prop_assert_eq!(w.len(), 2);
                } else {
                    prop_assert_eq!(w.written(), octets.as_slice());
                }
            }
        }
    }
}
