//! BR/EDR of a scripted controller: the answers to its commands.

use bindrune_hci::Opcode;

/// The answer to a command.
pub(crate) enum Answer {
    /// Command Complete, with these return parameters.
    Complete(Vec<u8>),
    /// Command Status, and the events that follow.
    Status(Vec<Vec<u8>>),
}

/// Features of this controller and of its peers: what Secure Simple Pairing and LE need. [Vol 2] Part C, 3.3
pub(crate) const FEATURES: [u8; 8] = [0x24, 0, 0, 0x40, 0x40, 0, 0x09, 0x80];
/// Page 1: the host has Secure Simple Pairing.
const HOST_FEATURES: [u8; 8] = [0x01, 0, 0, 0, 0, 0, 0, 0];

/// Number and length of the ACL buffers of BR/EDR.
pub(crate) const BUFFERS: (u16, u8) = (339, 4);

/// Returns whether Command Status answers a command of BR/EDR.
pub(crate) const fn has_status(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::INQUIRY
            | Opcode::CREATE_CONNECTION
            | Opcode::ACCEPT_CONNECTION_REQUEST
            | Opcode::REJECT_CONNECTION_REQUEST
            | Opcode::REMOTE_NAME_REQUEST
            | Opcode::AUTHENTICATION_REQUESTED
            | Opcode::SET_CONNECTION_ENCRYPTION
            | Opcode::READ_REMOTE_SUPPORTED_FEATURES
            | Opcode::READ_REMOTE_EXTENDED_FEATURES
            | Opcode::SWITCH_ROLE
            | Opcode::SNIFF_MODE
            | Opcode::EXIT_SNIFF_MODE
    )
}

/// Returns the answer to a command that only a controller with BR/EDR has, or that it answers differently.
pub(crate) fn answer(opcode: Opcode, parameters: &[u8]) -> Option<Answer> {
    let [low, high] = parameters.first_chunk().copied().unwrap_or([0; 2]);
    let address = parameters.get(..6).unwrap_or(&[0; 6]);
    let complete = |parts: &[&[u8]]| Some(Answer::Complete(parts.concat()));
    match opcode {
        Opcode::READ_LOCAL_SUPPORTED_FEATURES => complete(&[&[0], &FEATURES]),
        Opcode::READ_LOCAL_EXTENDED_FEATURES => complete(&[&[0, low, 1], page(low)]),
        Opcode::READ_BUFFER_SIZE => {
            let [low, high] = BUFFERS.0.to_le_bytes();
            complete(&[&[0, low, high, 0, BUFFERS.1, 0, 0, 0]])
        }
        Opcode::READ_LOCAL_OOB_DATA => complete(&[&[0], &[0x5a; 16], &[0xa5; 16]]),
        Opcode::READ_ENCRYPTION_KEY_SIZE => complete(&[&[0, low, high, 16]]),
        Opcode::WRITE_AUTOMATIC_FLUSH_TIMEOUT | Opcode::WRITE_LINK_SUPERVISION_TIMEOUT => {
            complete(&[&[0, low, high]])
        }
        Opcode::READ_REMOTE_SUPPORTED_FEATURES => {
            let event = [&[4, 0x0b, 11, 0, low, high][..], &FEATURES].concat();
            Some(Answer::Status(vec![event]))
        }
        Opcode::READ_REMOTE_EXTENDED_FEATURES => {
            let number = parameters.get(2).copied().unwrap_or(0);
            let event = [&[4, 0x23, 13, 0, low, high, number, 1][..], page(number)].concat();
            Some(Answer::Status(vec![event]))
        }
        Opcode::CREATE_CONNECTION_CANCEL
        | Opcode::REMOTE_NAME_REQUEST_CANCEL
        | Opcode::LINK_KEY_REQUEST_REPLY
        | Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY
        | Opcode::PIN_CODE_REQUEST_REPLY
        | Opcode::PIN_CODE_REQUEST_NEGATIVE_REPLY
        | Opcode::IO_CAPABILITY_REQUEST_REPLY
        | Opcode::IO_CAPABILITY_REQUEST_NEGATIVE_REPLY
        | Opcode::USER_CONFIRMATION_REQUEST_REPLY
        | Opcode::USER_CONFIRMATION_REQUEST_NEGATIVE_REPLY
        | Opcode::USER_PASSKEY_REQUEST_REPLY
        | Opcode::USER_PASSKEY_REQUEST_NEGATIVE_REPLY
        | Opcode::REMOTE_OOB_DATA_REQUEST_REPLY
        | Opcode::REMOTE_OOB_DATA_REQUEST_NEGATIVE_REPLY => complete(&[&[0], address]),
        _ => has_status(opcode).then(|| Answer::Status(vec![])),
    }
}

const fn page(number: u8) -> &'static [u8] {
    match number {
        0 => &FEATURES,
        1 => &HOST_FEATURES,
        _ => &[0; 8],
    }
}
