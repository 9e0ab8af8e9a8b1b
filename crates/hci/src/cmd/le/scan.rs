use zerocopy::little_endian::U16;

use crate::{
    OwnAddressType, ScanFilterPolicy,
    cmd::{Done, commands},
};

commands! {
    /// Sets the parameters of legacy scanning. [Vol 4] Part E, 7.8.10
    SetScanParameters = LE_SET_SCAN_PARAMETERS -> Done {
        /// 0 passive, 1 active.
        active: u8,
        /// Units of 0.625 ms, 4 to 0x4000.
        interval: U16,
        /// Units of 0.625 ms, 4 to 0x4000, at most the interval.
        window: U16,
        /// Type of our address in scan requests.
        own_address_type: OwnAddressType,
        /// The advertising that is reported.
        filter_policy: ScanFilterPolicy,
    }

    /// Turns legacy scanning on or off. [Vol 4] Part E, 7.8.11
    SetScanEnable = LE_SET_SCAN_ENABLE -> Done {
        /// 0 or 1.
        enable: u8,
        /// 1 if the controller drops duplicates.
        filter_duplicates: u8,
    }
}
