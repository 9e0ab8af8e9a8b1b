use bindrune_att::ErrorCode;
use bindrune_wire::Level;

use crate::table::{Entry, Permission, Properties};

/// Security of a link when a request arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// The security level.
    pub level: Level,
    /// Length of the encryption key in octets; 0 without encryption.
    pub key_size: u8,
    /// Whether the user has authorized the peer.
    pub authorized: bool,
    /// Whether a key to encrypt the link is available.
    pub has_key: bool,
}

impl Security {
    /// A link without any security.
    pub const OPEN: Self =
        Self { level: Level::Open, key_size: 0, authorized: false, has_key: false };

    /// Checks whether the link meets an attribute's requirements. [Vol 3] Part C, 10.3.1
    ///
    /// # Errors
    ///
    /// The ATT error of the first requirement that the link does not meet.
    pub fn check(&self, permission: Permission) -> Result<(), ErrorCode> {
        let required = permission.required_level();
        if self.level < required {
            return Err(if self.level == Level::Open && self.has_key {
                ErrorCode::INSUFFICIENT_ENCRYPTION
            } else {
                ErrorCode::INSUFFICIENT_AUTHENTICATION
            });
        }
        if self.key_size < permission.min_key_size {
            return Err(ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT);
        }
        if permission.authorized && !self.authorized {
            return Err(ErrorCode::INSUFFICIENT_AUTHORIZATION);
        }
        Ok(())
    }

    /// Checks whether an attribute may be read. [Vol 3] Part F, 3.2.5
    pub(super) fn may_read(&self, entry: &Entry) -> Result<(), ErrorCode> {
        if !entry.attribute.access().contains(Properties::READ) {
            return Err(ErrorCode::READ_NOT_PERMITTED);
        }
        self.check(entry.attribute.reading())
    }

    /// Checks whether an attribute may be written in the way that `property` names. [Vol 3] Part F,
    /// 3.2.5
    pub(super) fn may_write(&self, entry: &Entry, property: Properties) -> Result<(), ErrorCode> {
        if !entry.attribute.access().contains(property) {
            return Err(ErrorCode::WRITE_NOT_PERMITTED);
        }
        self.check(entry.attribute.writing())
    }
}
