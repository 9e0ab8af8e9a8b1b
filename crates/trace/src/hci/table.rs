//! All typed commands of the HCI crate, by opcode.

use bindrune_hci::{
    Opcode,
    cmd::{Command, Failure, baseband, classic, info, le, link, vendor},
};
use bindrune_wire::Malformed;

macro_rules! table {
    ($($module:ident::$name:ident $(<$lifetime:lifetime>)?),* $(,)?) => {
        /// Parses the parameters of a command; `None` if no structure has this opcode.
        pub(super) fn parameters(opcode: Opcode, octets: &[u8]) -> Option<Result<String, Malformed>> {
            $(if opcode == <$module::$name$(<$lifetime>)? as Command>::OPCODE {
                return Some($module::$name::parse(octets).map(|command| format!("{command:?}")));
            })*
            None
        }

        /// Parses the return parameters of Command Complete; `None` if no structure has this opcode.
        pub(super) fn returned(opcode: Opcode, octets: &[u8]) -> Option<Result<String, Failure>> {
            $(if opcode == <$module::$name$(<$lifetime>)? as Command>::OPCODE {
                return Some(<$module::$name$(<$lifetime>)? as Command>::returned(octets).map(|answer| format!("{answer:?}")));
            })*
            None
        }
    };
}

table! {
    baseband::Reset, baseband::SetEventMask, baseband::SetEventMaskPage2, baseband::ReadTransmitPowerLevel,
    baseband::SetControllerToHostFlowControl, baseband::HostBufferSize,
    baseband::HostNumberOfCompletedPackets<'_>, classic::DeleteStoredLinkKey,
    classic::WriteConnectionAcceptTimeout, classic::WritePageTimeout, classic::WriteScanEnable,
    classic::WritePageScanActivity, classic::WriteInquiryScanActivity, classic::WriteInquiryScanType,
    classic::WritePageScanType, classic::WriteClassOfDevice, classic::ReadAutomaticFlushTimeout,
    classic::WriteAutomaticFlushTimeout, classic::WriteLinkSupervisionTimeout, classic::EnhancedFlush,
    classic::WriteLeHostSupport, classic::ReadLocalExtendedFeatures, classic::SetEventFilter,
    classic::Inquiry, classic::RemoteNameRequest, classic::RemoteNameRequestCancel, classic::WriteLocalName,
    classic::WriteInquiryMode, classic::WriteExtendedInquiryResponse, classic::InquiryCancel,
    classic::WriteCurrentIacLap<'_>, classic::CreateConnection, classic::CreateConnectionCancel,
    classic::AcceptConnectionRequest, classic::RejectConnectionRequest, classic::ChangeConnectionPacketType,
    classic::ReadRemoteSupportedFeatures, classic::ReadRemoteExtendedFeatures, classic::ReadClockOffset,
    classic::SniffMode, classic::ExitSniffMode, classic::RoleDiscovery, classic::SwitchRole,
    classic::WriteLinkPolicySettings, classic::WriteDefaultLinkPolicySettings, classic::LinkKeyRequestReply,
    classic::LinkKeyRequestNegativeReply, classic::PinCodeRequestReply, classic::PinCodeRequestNegativeReply,
    classic::AuthenticationRequested, classic::SetConnectionEncryption, classic::IoCapabilityRequestReply,
    classic::IoCapabilityRequestNegativeReply, classic::UserConfirmationRequestReply,
    classic::UserConfirmationRequestNegativeReply, classic::UserPasskeyRequestReply,
    classic::UserPasskeyRequestNegativeReply, classic::RemoteOobDataRequestReply,
    classic::RemoteOobDataRequestNegativeReply, classic::RemoteOobExtendedDataRequestReply,
    classic::SendKeypressNotification, classic::WriteSimplePairingMode,
    classic::WriteSecureConnectionsHostSupport, classic::WriteAuthenticatedPayloadTimeout,
    classic::SetMinEncryptionKeySize, classic::ReadEncryptionKeySize, classic::ReadLocalOobData,
    classic::ReadLocalOobExtendedData, info::ReadLocalVersion, info::ReadLocalSupportedCommands,
    info::ReadLocalSupportedFeatures, info::ReadBufferSize, info::ReadBdAddr, le::SetAdvertisingParameters,
    le::SetAdvertisingData, le::SetScanResponseData, le::SetAdvertisingEnable, le::ReadAdvertisingTxPower,
    le::ConnectionUpdate, le::ReadChannelMap, le::ReadRemoteFeatures,
    le::RemoteConnectionParameterRequestReply, le::RemoteConnectionParameterRequestNegativeReply,
    le::SetDataLength, le::WriteSuggestedDefaultDataLength, le::ReadPhy, le::SetDefaultPhy, le::SetPhy,
    le::ReadSuggestedDefaultDataLength, le::ReadMaximumDataLength, le::SetEventMask, le::SetRandomAddress,
    le::Encrypt, le::ReadBufferSize, le::ReadBufferSizeV2, le::ReadLocalSupportedFeatures, le::Rand,
    le::ReadSupportedStates, le::ReadTransmitPower, le::SetAdvertisingSetRandomAddress,
    le::SetExtendedAdvertisingParameters, le::RemoveAdvertisingSet, le::ReadMaximumAdvertisingDataLength,
    le::ReadNumberOfAdvertisingSets, le::ClearAdvertisingSets, le::SetExtendedAdvertisingData<'_>,
    le::SetExtendedScanResponseData<'_>, le::SetExtendedAdvertisingEnable<'_>, le::SetExtendedScanEnable,
    le::SetExtendedScanParameters, le::CreateConnection, le::AddToFilterAcceptList,
    le::RemoveFromFilterAcceptList, le::CreateConnectionCancel, le::ReadFilterAcceptListSize,
    le::ClearFilterAcceptList, le::ExtendedCreateConnection, le::AddToResolvingList,
    le::RemoveFromResolvingList, le::ReadPeerResolvableAddress, le::ReadLocalResolvableAddress,
    le::SetAddressResolutionEnable, le::SetRpaTimeout, le::SetPrivacyMode, le::ClearResolvingList,
    le::ReadResolvingListSize, le::SetScanParameters, le::SetScanEnable, le::EnableEncryption,
    le::LongTermKeyRequestReply, le::LongTermKeyRequestNegativeReply, le::GenerateDhKey, le::GenerateDhKeyV2,
    le::ReadLocalP256PublicKey, link::Disconnect, link::ReadRemoteVersionInformation, link::ReadRssi,
    vendor::ReadStaticAddresses, vendor::WriteBdAddr,
}
