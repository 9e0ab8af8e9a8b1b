//! Commands that only BR/EDR has. [Vol 4] Part E, 7.1 to 7.5

mod baseband;
mod inquiry;
mod link;
mod opcode;
mod security;

use super::returns;
use crate::BdAddress;

pub use baseband::{
    DataOf, DeleteStoredLinkKey, DeletedKeys, EnhancedFlush, EventFilter, FlushTimeout,
    LocalExtendedFeatures, ReadAutomaticFlushTimeout, ReadLocalExtendedFeatures, ScanEnable,
    ScanType, SetEventFilter, WriteAutomaticFlushTimeout, WriteClassOfDevice,
    WriteConnectionAcceptTimeout, WriteInquiryScanActivity, WriteInquiryScanType,
    WriteLeHostSupport, WriteLinkSupervisionTimeout, WritePageScanActivity, WritePageScanType,
    WritePageTimeout, WriteScanEnable,
};
pub use inquiry::{
    EXTENDED_INQUIRY_RESPONSE_LEN, Inquiry, InquiryCancel, InquiryMode, LOCAL_NAME_LEN, LocalName,
    RemoteNameRequest, RemoteNameRequestCancel, WriteCurrentIacLap, WriteExtendedInquiryResponse,
    WriteInquiryMode, WriteLocalName,
};
pub use link::{
    AcceptConnectionRequest, ChangeConnectionPacketType, CreateConnection, CreateConnectionCancel,
    ExitSniffMode, LinkPolicy, LinkRole, ReadClockOffset, ReadRemoteExtendedFeatures,
    ReadRemoteSupportedFeatures, RejectConnectionRequest, RoleDiscovery, SniffMode, SwitchRole,
    WriteDefaultLinkPolicySettings, WriteLinkPolicySettings,
};
pub(crate) use opcode::opcode_name;
pub use security::{
    AuthenticationRequested, AuthenticationRequirements, EncryptionKeySize, IoCapability,
    IoCapabilityRequestNegativeReply, IoCapabilityRequestReply, Keypress,
    LinkKeyRequestNegativeReply, LinkKeyRequestReply, LocalOobData, LocalOobExtendedData,
    PinCodeRequestNegativeReply, PinCodeRequestReply, ReadEncryptionKeySize, ReadLocalOobData,
    ReadLocalOobExtendedData, RemoteOobDataRequestNegativeReply, RemoteOobDataRequestReply,
    RemoteOobExtendedDataRequestReply, SendKeypressNotification, SetConnectionEncryption,
    SetMinEncryptionKeySize, UserConfirmationRequestNegativeReply, UserConfirmationRequestReply,
    UserPasskeyRequestNegativeReply, UserPasskeyRequestReply, WriteAuthenticatedPayloadTimeout,
    WriteSecureConnectionsHostSupport, WriteSimplePairingMode,
};

returns! {
    /// Return parameters of a command for one peer.
    AddressReturn {
        /// The peer.
        address: BdAddress,
    }
}

#[cfg(test)]
mod tests;
