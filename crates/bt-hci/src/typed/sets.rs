//! The commands that the host sends, grouped by purpose.

use super::{
    super::Disconnecting,
    bt_hci::{
        FromHciBytes,
        cmd::{
            controller_baseband::{
                HostBufferSize, HostNumberOfCompletedPackets, Reset,
                SetControllerToHostFlowControl, SetEventMask, SetEventMaskPage2,
            },
            info::{
                ReadBdAddr, ReadLocalSupportedCmds, ReadLocalSupportedFeatures,
                ReadLocalVersionInformation,
            },
            le::{
                LeAddDeviceToFilterAcceptList, LeAddDeviceToResolvingList, LeClearFilterAcceptList,
                LeClearResolvingList, LeConnUpdate, LeCreateConn, LeCreateConnCancel,
                LeEnableEncryption, LeEncrypt, LeExtCreateConn, LeLongTermKeyRequestNegativeReply,
                LeLongTermKeyRequestReply, LeRand, LeReadBufferSize, LeReadFilterAcceptListSize,
                LeReadLocalSupportedFeatures, LeReadMaxAdvDataLength, LeReadMaxDataLength,
                LeReadNumberOfSupportedAdvSets, LeReadRemoteFeatures, LeReadResolvingListSize,
                LeReadSupportedStates, LeRemoveAdvSet, LeRemoveDeviceFromFilterAcceptList,
                LeRemoveDeviceFromResolvingList, LeSetAddrResolutionEnable, LeSetAdvData,
                LeSetAdvEnable, LeSetAdvParams, LeSetAdvSetRandomAddr, LeSetDataLength,
                LeSetDefaultPhy, LeSetEventMask, LeSetExtAdvData, LeSetExtAdvEnable,
                LeSetExtAdvParams, LeSetExtScanEnable, LeSetExtScanParams,
                LeSetExtScanResponseData, LeSetPhy, LeSetPrivacyMode, LeSetRandomAddr,
                LeSetResolvablePrivateAddrTimeout, LeSetScanEnable, LeSetScanParams,
                LeSetScanResponseData, LeWriteSuggestedDefaultDataLength,
            },
            link_control::ReadRemoteVersionInformation,
            status::ReadRssi,
        },
        param::{InitiatingPhy, PhyMask, PhyParams, ScanningPhy},
    },
};

crate::commands! {
    in super;
    /// Set-up of a controller, and links in either role, without their end.
    pub struct Common {
        complete: [
            Reset, SetEventMask, SetEventMaskPage2, ReadLocalVersionInformation, ReadLocalSupportedFeatures, ReadBdAddr,
            ReadRssi, LeSetEventMask, LeReadBufferSize, LeReadLocalSupportedFeatures, LeSetRandomAddr, LeEncrypt, LeRand,
            LeReadFilterAcceptListSize, LeClearFilterAcceptList, LeAddDeviceToFilterAcceptList,
            LeRemoveDeviceFromFilterAcceptList,
        ],
        status: [ReadRemoteVersionInformation, LeReadRemoteFeatures],
    }
}

crate::commands! {
    in super;
    /// Supported commands and features, as the controller reports them.
    ///
    /// Without this set the adapter answers Read Local Supported Commands itself, with the commands of the other sets.
    /// A controller behind a transport has these commands. nrf-sdc 0.4 declares them, but Nordic's library does not
    /// define them, so a program that dispatches them does not link.
    pub struct Described {
        complete: [ReadLocalSupportedCmds, LeReadSupportedStates],
    }
}

crate::commands! {
    in super;
    /// Advertising with legacy commands, and the peripheral role.
    pub struct Advertise {
        complete: [
            LeSetAdvParams, LeSetAdvData, LeSetScanResponseData, LeSetAdvEnable, LeLongTermKeyRequestReply,
            LeLongTermKeyRequestNegativeReply,
        ],
    }
}

crate::commands! {
    in super;
    /// Scanning with legacy commands.
    pub struct Scan {
        complete: [LeSetScanParams, LeSetScanEnable],
    }
}

crate::commands! {
    in super;
    /// Connecting with legacy commands, and the central role.
    pub struct Connect {
        complete: [LeCreateConnCancel],
        status: [LeCreateConn, LeConnUpdate, LeEnableEncryption],
    }
}

crate::commands! {
    in super;
    /// Extended advertising.
    pub struct ExtendedAdvertise {
        complete: [
            LeSetExtAdvParams, LeSetExtAdvData<'a>, LeSetExtScanResponseData<'a>, LeSetExtAdvEnable<'a>, LeSetAdvSetRandomAddr,
            LeRemoveAdvSet, LeReadMaxAdvDataLength, LeReadNumberOfSupportedAdvSets,
        ],
    }
}

crate::commands! {
    in super;
    /// Scanning and connecting with extended commands. Controllers have these and [`ExtendedAdvertise`] together.
    pub struct ExtendedCentral {
        complete: [LeSetExtScanParams by extended_scan, LeSetExtScanEnable],
        status: [LeExtCreateConn by extended_connect],
    }
}

crate::commands! {
    in super;
    /// Longer packets and the 2M PHY.
    pub struct LinkTuning {
        complete: [
            LeSetDataLength, LeReadMaxDataLength, LeWriteSuggestedDefaultDataLength, LeSetDefaultPhy,
        ],
        status: [LeSetPhy],
    }
}

crate::commands! {
    in super;
    /// Private addresses that the controller generates and resolves.
    pub struct PrivateAddresses {
        complete: [
            LeAddDeviceToResolvingList, LeRemoveDeviceFromResolvingList, LeClearResolvingList, LeReadResolvingListSize,
            LeSetAddrResolutionEnable, LeSetResolvablePrivateAddrTimeout, LeSetPrivacyMode,
        ],
    }
}

crate::commands! {
    in super;
    /// Flow control to the host: the peer waits while the application reads nothing.
    ///
    /// Only for controllers whose method for Host Number Of Completed Packets returns at once, as that of nrf-sdc does.
    /// The method of bt-hci's `ExternalController` waits for an answer that never comes.
    pub struct HostFlowControl {
        complete: [SetControllerToHostFlowControl, HostBufferSize],
        unanswered: [HostNumberOfCompletedPackets<'a>],
    }
}

/// Commands that every host needs. Join the sets with [`Described`] if the controller has that.
pub type Basic = (Common, Disconnecting);
/// Commands that a peripheral needs.
pub type Peripheral = (Basic, Advertise, LinkTuning);
/// Commands that a central needs.
pub type Central = (Basic, Scan, Connect, LinkTuning);
/// Commands that a peripheral and central with legacy commands needs.
pub type Legacy = (Basic, Advertise, Scan, Connect, LinkTuning);
/// All commands of the host that nrf-sdc 0.4 has. Other controllers may have fewer: join it with [`Described`] for
/// them.
pub type Everything =
    (Legacy, ExtendedAdvertise, ExtendedCentral, PrivateAddresses, HostFlowControl);

/// [Vol 4] Part E, 7.8.64
fn extended_scan(parameters: &[u8]) -> Option<LeSetExtScanParams> {
    let (own_addr_kind, rest) = FromHciBytes::from_hci_bytes(parameters).ok()?;
    let (policy, rest) = FromHciBytes::from_hci_bytes(rest).ok()?;
    let phys = phys::<ScanningPhy>(rest)?;
    Some(LeSetExtScanParams::new(own_addr_kind, policy, phys))
}

/// [Vol 4] Part E, 7.8.66
fn extended_connect(parameters: &[u8]) -> Option<LeExtCreateConn> {
    let (with_accept_list, rest) = FromHciBytes::from_hci_bytes(parameters).ok()?;
    let (own_addr_kind, rest) = FromHciBytes::from_hci_bytes(rest).ok()?;
    let (peer_addr_kind, rest) = FromHciBytes::from_hci_bytes(rest).ok()?;
    let (peer_addr, rest) = FromHciBytes::from_hci_bytes(rest).ok()?;
    let phys = phys::<InitiatingPhy>(rest)?;
    Some(LeExtCreateConn::new(with_accept_list, own_addr_kind, peer_addr_kind, peer_addr, phys))
}

/// Reads a mask of PHYs, and the parameters of each.
fn phys<'p, T: FromHciBytes<'p>>(octets: &'p [u8]) -> Option<PhyParams<T>> {
    let (mask, mut rest) = PhyMask::from_hci_bytes(octets).ok()?;
    let mut next = |present: bool| -> Option<Option<T>> {
        if !present {
            return Some(None);
        }
        let (parameters, left) = T::from_hci_bytes(rest).ok()?;
        rest = left;
        Some(Some(parameters))
    };
    let phys = PhyParams {
        le_1m_phy: next(mask.has_le_1m_phy())?,
        le_2m_phy: next(mask.has_le_2m_phy())?,
        le_coded_phy: next(mask.has_le_coded_phy())?,
    };
    rest.is_empty().then_some(phys)
}
