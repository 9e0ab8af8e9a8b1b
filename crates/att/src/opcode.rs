use bindrune_wire::open_enum;

open_enum! {
    /// The first octet of a PDU: method, command flag and authentication flag. [Vol 3] Part F, 3.3.1
    pub struct Opcode(u8) {
        /// `ATT_ERROR_RSP`.
        ERROR_RSP = 0x01,
        /// `ATT_EXCHANGE_MTU_REQ`.
        EXCHANGE_MTU_REQ = 0x02,
        /// `ATT_EXCHANGE_MTU_RSP`.
        EXCHANGE_MTU_RSP = 0x03,
        /// `ATT_FIND_INFORMATION_REQ`.
        FIND_INFORMATION_REQ = 0x04,
        /// `ATT_FIND_INFORMATION_RSP`.
        FIND_INFORMATION_RSP = 0x05,
        /// `ATT_FIND_BY_TYPE_VALUE_REQ`.
        FIND_BY_TYPE_VALUE_REQ = 0x06,
        /// `ATT_FIND_BY_TYPE_VALUE_RSP`.
        FIND_BY_TYPE_VALUE_RSP = 0x07,
        /// `ATT_READ_BY_TYPE_REQ`.
        READ_BY_TYPE_REQ = 0x08,
        /// `ATT_READ_BY_TYPE_RSP`.
        READ_BY_TYPE_RSP = 0x09,
        /// `ATT_READ_REQ`.
        READ_REQ = 0x0a,
        /// `ATT_READ_RSP`.
        READ_RSP = 0x0b,
        /// `ATT_READ_BLOB_REQ`.
        READ_BLOB_REQ = 0x0c,
        /// `ATT_READ_BLOB_RSP`.
        READ_BLOB_RSP = 0x0d,
        /// `ATT_READ_MULTIPLE_REQ`.
        READ_MULTIPLE_REQ = 0x0e,
        /// `ATT_READ_MULTIPLE_RSP`.
        READ_MULTIPLE_RSP = 0x0f,
        /// `ATT_READ_BY_GROUP_TYPE_REQ`.
        READ_BY_GROUP_TYPE_REQ = 0x10,
        /// `ATT_READ_BY_GROUP_TYPE_RSP`.
        READ_BY_GROUP_TYPE_RSP = 0x11,
        /// `ATT_WRITE_REQ`.
        WRITE_REQ = 0x12,
        /// `ATT_WRITE_RSP`.
        WRITE_RSP = 0x13,
        /// `ATT_PREPARE_WRITE_REQ`.
        PREPARE_WRITE_REQ = 0x16,
        /// `ATT_PREPARE_WRITE_RSP`.
        PREPARE_WRITE_RSP = 0x17,
        /// `ATT_EXECUTE_WRITE_REQ`.
        EXECUTE_WRITE_REQ = 0x18,
        /// `ATT_EXECUTE_WRITE_RSP`.
        EXECUTE_WRITE_RSP = 0x19,
        /// `ATT_HANDLE_VALUE_NTF`.
        NOTIFICATION = 0x1b,
        /// `ATT_HANDLE_VALUE_IND`.
        INDICATION = 0x1d,
        /// `ATT_HANDLE_VALUE_CFM`.
        CONFIRMATION = 0x1e,
        /// `ATT_READ_MULTIPLE_VARIABLE_REQ`.
        READ_MULTIPLE_VARIABLE_REQ = 0x20,
        /// `ATT_READ_MULTIPLE_VARIABLE_RSP`.
        READ_MULTIPLE_VARIABLE_RSP = 0x21,
        /// `ATT_MULTIPLE_HANDLE_VALUE_NTF`.
        MULTIPLE_NOTIFICATION = 0x23,
        /// `ATT_WRITE_CMD`.
        WRITE_CMD = 0x52,
        /// `ATT_SIGNED_WRITE_CMD`.
        SIGNED_WRITE_CMD = 0xd2,
    }
}

/// Duty of the receiver of a PDU. [Vol 3] Part F, 3.3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It must be answered with a response or an error, even if it is unknown.
    Request,
    /// It needs no answer, and is ignored if it is unknown.
    Command,
    /// It answers a request.
    Response,
    /// A notification or an indication.
    Push,
    /// It answers an indication.
    Confirmation,
}

impl Opcode {
    /// Returns the method: the low six bits.
    #[must_use]
    pub const fn method(self) -> u8 {
        self.0 & 0x3f
    }

    /// Returns the command flag: no answer is expected.
    #[must_use]
    pub const fn is_command(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// Returns the authentication signature flag.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// Returns the opcode of the response to a request with this opcode; `None` if it is no request.
    #[must_use]
    pub const fn response(self) -> Option<Self> {
        match self {
            Self::EXCHANGE_MTU_REQ
            | Self::FIND_INFORMATION_REQ
            | Self::FIND_BY_TYPE_VALUE_REQ
            | Self::READ_BY_TYPE_REQ
            | Self::READ_REQ
            | Self::READ_BLOB_REQ
            | Self::READ_MULTIPLE_REQ
            | Self::READ_BY_GROUP_TYPE_REQ
            | Self::WRITE_REQ
            | Self::PREPARE_WRITE_REQ
            | Self::EXECUTE_WRITE_REQ
            | Self::READ_MULTIPLE_VARIABLE_REQ => Some(Self(self.0 | 1)),
            _ => None,
        }
    }

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::NOTIFICATION | Self::INDICATION | Self::MULTIPLE_NOTIFICATION => Kind::Push,
            Self::CONFIRMATION => Kind::Confirmation,
            Self::ERROR_RSP => Kind::Response,
            _ if self.is_command() => Kind::Command,
            _ if self.0 & 1 == 1 && Self(self.0 & 0xfe).response().is_some() => Kind::Response,
            _ => Kind::Request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_follows_its_request() {
        assert_eq!(Opcode::READ_REQ.response(), Some(Opcode::READ_RSP));
        assert_eq!(
            Opcode::READ_MULTIPLE_VARIABLE_REQ.response(),
            Some(Opcode::READ_MULTIPLE_VARIABLE_RSP)
        );
        assert_eq!(Opcode::EXECUTE_WRITE_REQ.response(), Some(Opcode::EXECUTE_WRITE_RSP));
        assert_eq!(Opcode::INDICATION.response(), None);
        assert_eq!(Opcode(0x22).response(), None);
    }

    #[test]
    fn every_octet_has_a_kind() {
        let of = |kind| (0..=255).filter(move |&o| Opcode(o).kind() == kind).count();
        assert_eq!(of(Kind::Response), 13);
        assert_eq!(of(Kind::Push), 3);
        assert_eq!(of(Kind::Confirmation), 1);
        assert_eq!(of(Kind::Command), 128);
        assert_eq!(of(Kind::Request), 256 - 128 - 17);
    }

    #[test]
    fn flags_are_bits() {
        assert_eq!(Opcode::SIGNED_WRITE_CMD.method(), Opcode::WRITE_REQ.0);
        assert!(Opcode::SIGNED_WRITE_CMD.is_signed() && Opcode::SIGNED_WRITE_CMD.is_command());
        assert!(!Opcode::WRITE_CMD.is_signed());
    }
}
