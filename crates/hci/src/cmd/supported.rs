use core::fmt;

use crate::{Opcode, capability::CLASSIC};

/// Length of a set of the known commands in octets.
const OCTETS: usize = SupportedCommands::KNOWN.div_ceil(8);

/// The supported commands of a controller, as far as this crate knows them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SupportedCommands([u8; OCTETS]);

impl SupportedCommands {
    /// No command.
    pub const NONE: Self = Self([0; OCTETS]);

    /// Parses the bit field of Read Local Supported Commands. [Vol 4] Part E, 6.27
    #[must_use]
    pub fn from_bits(bits: &[u8; 64]) -> Self {
        let mut commands = Self::NONE;
        for (place, (_, octet, bit)) in POSITIONS.iter().enumerate() {
            if bits.get(usize::from(*octet)).is_some_and(|bits| bits & mask(*bit) != 0)
                && let Some(known) = commands.0.get_mut(place / 8)
            {
                *known |= mask_of(place);
            }
        }
        commands
    }

    /// Returns the bit field of Read Local Supported Commands. [Vol 4] Part E, 6.27
    #[must_use]
    pub fn to_bits(&self) -> [u8; 64] {
        let mut octets = [0; 64];
        for (opcode, octet, bit) in POSITIONS {
            if self.supports(*opcode)
                && let Some(bits) = octets.get_mut(usize::from(*octet))
            {
                *bits |= mask(*bit);
            }
        }
        octets
    }

    /// Returns whether the controller claims to support `opcode`.
    ///
    /// Returns false for commands without a bit: vendor commands, and commands that this crate does not
    /// know.
    #[must_use]
    pub fn supports(&self, opcode: Opcode) -> bool {
        Self::place(opcode).is_some_and(|place| {
            self.0.get(place / 8).is_some_and(|bits| bits & mask_of(place) != 0)
        })
    }

    /// Adds a command that has a bit.
    pub fn insert(&mut self, opcode: Opcode) {
        self.set(opcode, true);
    }

    /// Removes a command.
    pub fn remove(&mut self, opcode: Opcode) {
        self.set(opcode, false);
    }

    fn set(&mut self, opcode: Opcode, on: bool) {
        if let Some(place) = Self::place(opcode)
            && let Some(bits) = self.0.get_mut(place / 8)
        {
            *bits = (*bits & !mask_of(place)) | if on { mask_of(place) } else { 0 };
        }
    }

    /// Number of known commands that have a bit.
    pub const KNOWN: usize = POSITIONS.len();

    /// Returns the index of the command in [`Self::known`]; `None` for a command without a bit.
    #[must_use]
    pub fn place(opcode: Opcode) -> Option<usize> {
        let place = LE_POSITIONS.binary_search_by_key(&opcode, |(known, _, _)| *known).ok();
        if CLASSIC && place.is_none() {
            let place = CLASSIC_POSITIONS.binary_search_by_key(&opcode, |(known, _, _)| *known);
            return place.ok().map(|place| place.saturating_add(LE_POSITIONS.len()));
        }
        place
    }

    /// Returns every known command that has a bit.
    pub fn known() -> impl Iterator<Item = Opcode> {
        POSITIONS.iter().map(|(opcode, _, _)| *opcode)
    }
}

impl fmt::Debug for SupportedCommands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Self::known().filter(|opcode| self.supports(*opcode))).finish()
    }
}

/// Returns the mask of a bit in an octet.
const fn mask(bit: u8) -> u8 {
    1_u8.wrapping_shl(bit as u32)
}

/// Returns the mask of the command at this index.
fn mask_of(place: usize) -> u8 {
    mask(u8::try_from(place % 8).unwrap_or(0))
}

/// Opcode, octet and bit, in the order of [`SupportedCommands::place`].
const POSITIONS: &[(Opcode, u8, u8)] = if CLASSIC { &ALL_POSITIONS } else { LE_POSITIONS };

const ALL_POSITIONS: [(Opcode, u8, u8); LE_POSITIONS.len() + CLASSIC_POSITIONS.len()] = {
    let mut all = [(Opcode::NOP, 0, 0); LE_POSITIONS.len() + CLASSIC_POSITIONS.len()];
    let (le, classic) = all.split_at_mut(LE_POSITIONS.len());
    le.copy_from_slice(LE_POSITIONS);
    classic.copy_from_slice(CLASSIC_POSITIONS);
    all
};

/// Opcode, octet and bit, in the order of opcodes: LE, and what it shares with BR/EDR.
#[rustfmt::skip]
const LE_POSITIONS: &[(Opcode, u8, u8)] = &[
    (Opcode::DISCONNECT, 0, 5),
    (Opcode::READ_REMOTE_VERSION_INFORMATION, 2, 7),
    (Opcode::SET_EVENT_MASK, 5, 6),
    (Opcode::RESET, 5, 7),
    (Opcode::READ_TRANSMIT_POWER_LEVEL, 10, 2),
    (Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL, 10, 5),
    (Opcode::HOST_BUFFER_SIZE, 10, 6),
    (Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS, 10, 7),
    (Opcode::SET_EVENT_MASK_PAGE_2, 22, 2),
    (Opcode::READ_LOCAL_VERSION, 14, 3),
    (Opcode::READ_LOCAL_SUPPORTED_COMMANDS, 14, 4),
    (Opcode::READ_LOCAL_SUPPORTED_FEATURES, 14, 5),
    (Opcode::READ_BUFFER_SIZE, 14, 7),
    (Opcode::READ_BD_ADDR, 15, 1),
    (Opcode::READ_RSSI, 15, 5),
    (Opcode::LE_SET_EVENT_MASK, 25, 0),
    (Opcode::LE_READ_BUFFER_SIZE, 25, 1),
    (Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES, 25, 2),
    (Opcode::LE_SET_RANDOM_ADDRESS, 25, 4),
    (Opcode::LE_SET_ADVERTISING_PARAMETERS, 25, 5),
    (Opcode::LE_READ_ADVERTISING_TX_POWER, 25, 6),
    (Opcode::LE_SET_ADVERTISING_DATA, 25, 7),
    (Opcode::LE_SET_SCAN_RESPONSE_DATA, 26, 0),
    (Opcode::LE_SET_ADVERTISING_ENABLE, 26, 1),
    (Opcode::LE_SET_SCAN_PARAMETERS, 26, 2),
    (Opcode::LE_SET_SCAN_ENABLE, 26, 3),
    (Opcode::LE_CREATE_CONNECTION, 26, 4),
    (Opcode::LE_CREATE_CONNECTION_CANCEL, 26, 5),
    (Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE, 26, 6),
    (Opcode::LE_CLEAR_FILTER_ACCEPT_LIST, 26, 7),
    (Opcode::LE_ADD_TO_FILTER_ACCEPT_LIST, 27, 0),
    (Opcode::LE_REMOVE_FROM_FILTER_ACCEPT_LIST, 27, 1),
    (Opcode::LE_CONNECTION_UPDATE, 27, 2),
    (Opcode::LE_READ_CHANNEL_MAP, 27, 4),
    (Opcode::LE_READ_REMOTE_FEATURES, 27, 5),
    (Opcode::LE_ENCRYPT, 27, 6),
    (Opcode::LE_RAND, 27, 7),
    (Opcode::LE_ENABLE_ENCRYPTION, 28, 0),
    (Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY, 28, 1),
    (Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY, 28, 2),
    (Opcode::LE_READ_SUPPORTED_STATES, 28, 3),
    (Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY, 33, 4),
    (Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY, 33, 5),
    (Opcode::LE_SET_DATA_LENGTH, 33, 6),
    (Opcode::LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH, 33, 7),
    (Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH, 34, 0),
    (Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY, 34, 1),
    (Opcode::LE_GENERATE_DHKEY, 34, 2),
    (Opcode::LE_ADD_TO_RESOLVING_LIST, 34, 3),
    (Opcode::LE_REMOVE_FROM_RESOLVING_LIST, 34, 4),
    (Opcode::LE_CLEAR_RESOLVING_LIST, 34, 5),
    (Opcode::LE_READ_RESOLVING_LIST_SIZE, 34, 6),
    (Opcode::LE_READ_PEER_RESOLVABLE_ADDRESS, 34, 7),
    (Opcode::LE_READ_LOCAL_RESOLVABLE_ADDRESS, 35, 0),
    (Opcode::LE_SET_ADDRESS_RESOLUTION_ENABLE, 35, 1),
    (Opcode::LE_SET_RPA_TIMEOUT, 35, 2),
    (Opcode::LE_READ_MAXIMUM_DATA_LENGTH, 35, 3),
    (Opcode::LE_READ_PHY, 35, 4),
    (Opcode::LE_SET_DEFAULT_PHY, 35, 5),
    (Opcode::LE_SET_PHY, 35, 6),
    (Opcode::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS, 36, 1),
    (Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS, 36, 2),
    (Opcode::LE_SET_EXTENDED_ADVERTISING_DATA, 36, 3),
    (Opcode::LE_SET_EXTENDED_SCAN_RESPONSE_DATA, 36, 4),
    (Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE, 36, 5),
    (Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH, 36, 6),
    (Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS, 36, 7),
    (Opcode::LE_REMOVE_ADVERTISING_SET, 37, 0),
    (Opcode::LE_CLEAR_ADVERTISING_SETS, 37, 1),
    (Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS, 37, 5),
    (Opcode::LE_SET_EXTENDED_SCAN_ENABLE, 37, 6),
    (Opcode::LE_EXTENDED_CREATE_CONNECTION, 37, 7),
    (Opcode::LE_READ_TRANSMIT_POWER, 38, 7),
    (Opcode::LE_SET_PRIVACY_MODE, 39, 2),
    (Opcode::LE_GENERATE_DHKEY_V2, 41, 2),
    (Opcode::LE_READ_BUFFER_SIZE_V2, 41, 5),
];

/// Opcode, octet and bit, in the order of opcodes: only BR/EDR.
#[rustfmt::skip]
const CLASSIC_POSITIONS: &[(Opcode, u8, u8)] = &[
    (Opcode::INQUIRY, 0, 0),
    (Opcode::INQUIRY_CANCEL, 0, 1),
    (Opcode::CREATE_CONNECTION, 0, 4),
    (Opcode::CREATE_CONNECTION_CANCEL, 0, 7),
    (Opcode::ACCEPT_CONNECTION_REQUEST, 1, 0),
    (Opcode::REJECT_CONNECTION_REQUEST, 1, 1),
    (Opcode::LINK_KEY_REQUEST_REPLY, 1, 2),
    (Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY, 1, 3),
    (Opcode::PIN_CODE_REQUEST_REPLY, 1, 4),
    (Opcode::PIN_CODE_REQUEST_NEGATIVE_REPLY, 1, 5),
    (Opcode::CHANGE_CONNECTION_PACKET_TYPE, 1, 6),
    (Opcode::AUTHENTICATION_REQUESTED, 1, 7),
    (Opcode::SET_CONNECTION_ENCRYPTION, 2, 0),
    (Opcode::REMOTE_NAME_REQUEST, 2, 3),
    (Opcode::REMOTE_NAME_REQUEST_CANCEL, 2, 4),
    (Opcode::READ_REMOTE_SUPPORTED_FEATURES, 2, 5),
    (Opcode::READ_REMOTE_EXTENDED_FEATURES, 2, 6),
    (Opcode::READ_CLOCK_OFFSET, 3, 0),
    (Opcode::IO_CAPABILITY_REQUEST_REPLY, 18, 7),
    (Opcode::USER_CONFIRMATION_REQUEST_REPLY, 19, 0),
    (Opcode::USER_CONFIRMATION_REQUEST_NEGATIVE_REPLY, 19, 1),
    (Opcode::USER_PASSKEY_REQUEST_REPLY, 19, 2),
    (Opcode::USER_PASSKEY_REQUEST_NEGATIVE_REPLY, 19, 3),
    (Opcode::REMOTE_OOB_DATA_REQUEST_REPLY, 19, 4),
    (Opcode::REMOTE_OOB_DATA_REQUEST_NEGATIVE_REPLY, 19, 7),
    (Opcode::IO_CAPABILITY_REQUEST_NEGATIVE_REPLY, 20, 3),
    (Opcode::REMOTE_OOB_EXTENDED_DATA_REQUEST_REPLY, 32, 1),
    (Opcode::SNIFF_MODE, 4, 2),
    (Opcode::EXIT_SNIFF_MODE, 4, 3),
    (Opcode::ROLE_DISCOVERY, 4, 7),
    (Opcode::SWITCH_ROLE, 5, 0),
    (Opcode::WRITE_LINK_POLICY_SETTINGS, 5, 2),
    (Opcode::WRITE_DEFAULT_LINK_POLICY_SETTINGS, 5, 4),
    (Opcode::SET_EVENT_FILTER, 6, 0),
    (Opcode::DELETE_STORED_LINK_KEY, 6, 7),
    (Opcode::WRITE_LOCAL_NAME, 7, 0),
    (Opcode::WRITE_CONNECTION_ACCEPT_TIMEOUT, 7, 3),
    (Opcode::WRITE_PAGE_TIMEOUT, 7, 5),
    (Opcode::WRITE_SCAN_ENABLE, 7, 7),
    (Opcode::WRITE_PAGE_SCAN_ACTIVITY, 8, 1),
    (Opcode::WRITE_INQUIRY_SCAN_ACTIVITY, 8, 3),
    (Opcode::WRITE_CLASS_OF_DEVICE, 9, 1),
    (Opcode::READ_AUTOMATIC_FLUSH_TIMEOUT, 9, 4),
    (Opcode::WRITE_AUTOMATIC_FLUSH_TIMEOUT, 9, 5),
    (Opcode::WRITE_LINK_SUPERVISION_TIMEOUT, 11, 1),
    (Opcode::WRITE_CURRENT_IAC_LAP, 11, 4),
    (Opcode::WRITE_INQUIRY_SCAN_TYPE, 12, 5),
    (Opcode::WRITE_INQUIRY_MODE, 12, 7),
    (Opcode::WRITE_PAGE_SCAN_TYPE, 13, 1),
    (Opcode::WRITE_EXTENDED_INQUIRY_RESPONSE, 17, 1),
    (Opcode::WRITE_SIMPLE_PAIRING_MODE, 17, 6),
    (Opcode::READ_LOCAL_OOB_DATA, 17, 7),
    (Opcode::ENHANCED_FLUSH, 19, 6),
    (Opcode::SEND_KEYPRESS_NOTIFICATION, 20, 2),
    (Opcode::WRITE_LE_HOST_SUPPORT, 24, 6),
    (Opcode::WRITE_SECURE_CONNECTIONS_HOST_SUPPORT, 32, 3),
    (Opcode::WRITE_AUTHENTICATED_PAYLOAD_TIMEOUT, 32, 5),
    (Opcode::READ_LOCAL_OOB_EXTENDED_DATA, 32, 6),
    (Opcode::SET_MIN_ENCRYPTION_KEY_SIZE, 45, 7),
    (Opcode::READ_LOCAL_EXTENDED_FEATURES, 14, 6),
    (Opcode::READ_ENCRYPTION_KEY_SIZE, 20, 4),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_command_has_a_bit_of_its_own() {
        assert!(LE_POSITIONS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(CLASSIC_POSITIONS.is_sorted_by(|a, b| a.0 < b.0));
        for opcode in SupportedCommands::known() {
            let mut one = SupportedCommands::NONE;
            one.insert(opcode);
            for other in SupportedCommands::known() {
                assert_eq!(one.supports(other), other == opcode, "{opcode:?} {other:?}");
            }
            one.remove(opcode);
            assert_eq!(one, SupportedCommands::NONE);
        }
    }

    #[test]
    fn bits_match_the_specification() {
        let mut bits = [0; 64];
        bits[5] = 0x80;
        bits[38] = 0x80;
        let commands = SupportedCommands::from_bits(&bits);
        assert_eq!(commands.to_bits(), bits);
        assert!(commands.supports(Opcode::RESET) && !commands.supports(Opcode::SET_EVENT_MASK));
        assert!(commands.supports(Opcode::LE_READ_TRANSMIT_POWER));
        assert!(!commands.supports(Opcode::VENDOR_READ_STATIC_ADDRESSES));
        assert_eq!(std::format!("{commands:?}"), "{RESET, LE_READ_TRANSMIT_POWER}");
    }
}
