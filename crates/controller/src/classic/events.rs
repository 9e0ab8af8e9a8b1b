//! Events of BR/EDR. [Vol 4] Part E, 7.7

use bindrune_hci::{Status, event::EventCode};

use super::BdAddr;
use crate::controller::Controller;

impl Controller {
    /// Sends an event, unless a mask forbids it. Returns whether it was sent.
    pub(super) fn emit(&mut self, code: u8, parts: &[&[u8]]) -> bool {
        self.send_raw(EventCode(code), &parts.concat())
    }

    pub(super) fn classic_connection_complete(
        &mut self,
        status: Status,
        handle: u16,
        peer: BdAddr,
    ) {
        let encrypted = 0;
        self.emit(
            CONNECTION_COMPLETE,
            &[&[status.0], &handle.to_le_bytes(), &peer, &[ACL, encrypted]],
        );
    }
}

pub(super) const INQUIRY_COMPLETE: u8 = 0x01;
pub(super) const INQUIRY_RESULT: u8 = 0x02;
const CONNECTION_COMPLETE: u8 = 0x03;
pub(super) const CONNECTION_REQUEST: u8 = 0x04;
pub(super) const AUTHENTICATION_COMPLETE: u8 = 0x06;
pub(super) const REMOTE_NAME_COMPLETE: u8 = 0x07;
pub(super) const ENCRYPTION_CHANGE: u8 = 0x08;
pub(super) const REMOTE_FEATURES_COMPLETE: u8 = 0x0b;
pub(super) const QOS_SETUP_COMPLETE: u8 = 0x0d;
pub(super) const FLUSH_OCCURRED: u8 = 0x11;
pub(super) const ROLE_CHANGE: u8 = 0x12;
pub(super) const MODE_CHANGE: u8 = 0x14;
pub(super) const PIN_CODE_REQUEST: u8 = 0x16;
pub(super) const LINK_KEY_REQUEST: u8 = 0x17;
pub(super) const LINK_KEY_NOTIFICATION: u8 = 0x18;
pub(super) const CLOCK_OFFSET_COMPLETE: u8 = 0x1c;
pub(super) const PACKET_TYPE_CHANGED: u8 = 0x1d;
pub(super) const MAX_SLOTS_CHANGE: u8 = 0x1b;
pub(super) const INQUIRY_RESULT_RSSI: u8 = 0x22;
pub(super) const REMOTE_EXTENDED_FEATURES_COMPLETE: u8 = 0x23;
pub(super) const EXTENDED_INQUIRY_RESULT: u8 = 0x2f;
pub(super) const IO_CAPABILITY_REQUEST: u8 = 0x31;
pub(super) const IO_CAPABILITY_RESPONSE: u8 = 0x32;
pub(super) const USER_CONFIRMATION_REQUEST: u8 = 0x33;
pub(super) const USER_PASSKEY_REQUEST: u8 = 0x34;
pub(super) const OUT_OF_BAND_REQUEST: u8 = 0x35;
pub(super) const SIMPLE_PAIRING_COMPLETE: u8 = 0x36;
pub(super) const SUPERVISION_TIMEOUT_CHANGED: u8 = 0x38;
pub(super) const ENHANCED_FLUSH_COMPLETE: u8 = 0x39;
pub(super) const USER_PASSKEY_NOTIFICATION: u8 = 0x3b;
pub(super) const KEYPRESS_NOTIFICATION: u8 = 0x3c;
pub(super) const HOST_FEATURES_NOTIFICATION: u8 = 0x3d;

pub(super) const ENCRYPTION_CHANGE_V2: u8 = 0x59;

/// Link type of ACL links.
pub(super) const ACL: u8 = 0x01;
