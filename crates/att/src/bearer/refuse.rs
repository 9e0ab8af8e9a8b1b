//! The answer to a peer's request if this side has no attributes. [Vol 3] Part F, 3.4
//!
//! A search finds no attribute, no handle is valid, and every other request is answered with Request Not Supported.

use crate::{ErrorCode, ErrorResponse, Opcode};

/// The octets of a 128-bit UUID that are before the 16-bit one in it. [Vol 3] Part B, 2.5.1
const BASE: [u8; 12] = [0xfb, 0x34, 0x9b, 0x5f, 0x80, 0, 0, 0x80, 0, 0x10, 0, 0];

/// Returns the Error Response to a request. `fits`: it is not longer than the MTU.
pub(super) fn refusal(request: Opcode, pdu: &[u8], fits: bool) -> ErrorResponse {
    let searches = matches!(
        request,
        Opcode::FIND_INFORMATION_REQ
            | Opcode::FIND_BY_TYPE_VALUE_REQ
            | Opcode::READ_BY_TYPE_REQ
            | Opcode::READ_BY_GROUP_TYPE_REQ
    );
    let (handle, code) = match *pdu {
        [_, a, b, c, d, ref rest @ ..] if searches && fits && is_whole(request, rest.len()) => {
            let (start, end) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            let code = if start == 0 || start > end {
                ErrorCode::INVALID_HANDLE
            } else if request == Opcode::READ_BY_GROUP_TYPE_REQ && !is_service(rest) {
                ErrorCode::UNSUPPORTED_GROUP_TYPE
            } else {
                ErrorCode::ATTRIBUTE_NOT_FOUND
            };
            (start, code)
        }
        [_, a, b] if request == Opcode::READ_REQ => {
            (u16::from_le_bytes([a, b]), ErrorCode::INVALID_HANDLE)
        }
        _ if searches || matches!(request, Opcode::READ_REQ | Opcode::EXCHANGE_MTU_REQ) => {
            (0, ErrorCode::INVALID_PDU)
        }
        _ => (0, ErrorCode::REQUEST_NOT_SUPPORTED),
    };
    ErrorResponse { request, handle, code }
}

/// Returns whether a search may have this number of octets after its range of handles.
const fn is_whole(request: Opcode, rest: usize) -> bool {
    match request {
        Opcode::FIND_INFORMATION_REQ => rest == 0,
        Opcode::FIND_BY_TYPE_VALUE_REQ => rest >= 2,
        _ => matches!(rest, 2 | 16),
    }
}

/// Returns whether a UUID is that of a primary or secondary service, the types that group attributes.
fn is_service(uuid: &[u8]) -> bool {
    let short = uuid.strip_prefix(&BASE).and_then(|uuid| uuid.strip_suffix(&[0, 0]));
    matches!(short.unwrap_or(uuid), [0 | 1, 0x28])
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    fn answer(pdu: &[u8], fits: bool) -> (u16, u8) {
        let error = refusal(Opcode(pdu[0]), pdu, fits);
        assert_eq!(error.request, Opcode(pdu[0]));
        (error.handle, error.code.0)
    }

    #[test]
    fn a_search_finds_nothing() {
        for search in [
            &hex!("04 0100 ffff")[..],
            &hex!("06 0100 ffff 0028 0018"),
            &hex!("08 0100 ffff 0328"),
            &hex!("10 0100 ffff 0028"),
            &hex!("10 0100 ffff 0128"),
            &hex!("10 0100 ffff fb349b5f80000080 00100000 00280000"),
        ] {
            assert_eq!(answer(search, true), (1, 0x0a), "{search:02x?}");
            assert_eq!(answer(search, false), (0, 0x04), "longer than the MTU: {search:02x?}");
        }
    }

    #[test]
    fn a_range_has_a_first_handle_and_no_end_before_it() {
        assert_eq!(answer(&hex!("04 0300 0200"), true), (3, 0x01));
        assert_eq!(answer(&hex!("10 0000 ffff 0328"), true), (0, 0x01));
    }

    #[test]
    fn only_services_group_attributes() {
        assert_eq!(answer(&hex!("10 0100 ffff 0328"), true), (1, 0x10));
        let other = hex!("10 0100 ffff fb349b5f80000080 00100000 00280100");
        assert_eq!(answer(&other, true), (1, 0x10));
    }

    #[test]
    fn no_handle_is_valid_and_nothing_else_is_supported() {
        assert_eq!(answer(&hex!("0a 0300"), true), (3, 0x01));
        for opcode in [0x0c, 0x0e, 0x12, 0x16, 0x18, 0x20, 0x3e] {
            assert_eq!(answer(&[opcode, 3, 0, 1], true), (0, 0x06), "{opcode:#04x}");
        }
    }

    #[test]
    fn a_malformed_request_is_an_invalid_pdu() {
        for request in [
            &hex!("02 17")[..],
            &hex!("04 0100 ff"),
            &hex!("04 0100 ffff 00"),
            &hex!("06 0100 ffff 00"),
            &hex!("08 0100 ffff 000000"),
            &hex!("0a 03"),
            &hex!("10"),
        ] {
            assert_eq!(answer(request, true), (0, 0x04), "{request:02x?}");
        }
    }
}
