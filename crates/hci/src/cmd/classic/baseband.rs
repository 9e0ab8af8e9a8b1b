use bindrune_wire::{Malformed, NoRoom, Reader, Writer, open_enum};
use zerocopy::little_endian::{U16, U64};

use crate::{
    BdAddress, ClassOfDevice, Opcode, RawHandle,
    cmd::{Accepted, Command, Done, HandleReturn, commands, returns},
};

commands! {
    /// Deletes link keys that the controller stores. [Vol 4] Part E, 7.3.10
    DeleteStoredLinkKey = DELETE_STORED_LINK_KEY -> DeletedKeys {
        /// The peer.
        address: BdAddress,
        /// 1 to delete the keys of all peers.
        all: u8,
    }

    /// Sets how long a peer's connection waits for the host. [Vol 4] Part E, 7.3.14
    WriteConnectionAcceptTimeout = WRITE_CONNECTION_ACCEPT_TIMEOUT -> Done {
        /// In slots of 0.625 ms, 0x0001 to 0xb540.
        timeout: U16,
    }

    /// Sets how long the controller pages. [Vol 4] Part E, 7.3.16
    WritePageTimeout = WRITE_PAGE_TIMEOUT -> Done {
        /// In slots of 0.625 ms, at least 1.
        timeout: U16,
    }

    /// Turns inquiry scan and page scan on or off. [Vol 4] Part E, 7.3.18
    WriteScanEnable = WRITE_SCAN_ENABLE -> Done {
        /// What is on.
        enable: ScanEnable,
    }

    /// Sets interval and window of page scan. [Vol 4] Part E, 7.3.20
    WritePageScanActivity = WRITE_PAGE_SCAN_ACTIVITY -> Done {
        /// In slots of 0.625 ms, 0x0012 to 0x1000, even.
        interval: U16,
        /// In slots of 0.625 ms, 0x0011 to the interval.
        window: U16,
    }

    /// Sets interval and window of inquiry scan. [Vol 4] Part E, 7.3.22
    WriteInquiryScanActivity = WRITE_INQUIRY_SCAN_ACTIVITY -> Done {
        /// In slots of 0.625 ms, 0x0012 to 0x1000, even.
        interval: U16,
        /// In slots of 0.625 ms, 0x0011 to the interval.
        window: U16,
    }

    /// Sets the type of inquiry scan. [Vol 4] Part E, 7.3.48
    WriteInquiryScanType = WRITE_INQUIRY_SCAN_TYPE -> Done {
        /// The type.
        scan_type: ScanType,
    }

    /// Sets the type of page scan. [Vol 4] Part E, 7.3.52
    WritePageScanType = WRITE_PAGE_SCAN_TYPE -> Done {
        /// The type.
        scan_type: ScanType,
    }

    /// Sets the class of this device. [Vol 4] Part E, 7.3.26
    WriteClassOfDevice = WRITE_CLASS_OF_DEVICE -> Done {
        /// The class.
        class: ClassOfDevice,
    }

    /// Reads after what time a link drops data. [Vol 4] Part E, 7.3.29
    ReadAutomaticFlushTimeout = READ_AUTOMATIC_FLUSH_TIMEOUT -> FlushTimeout {
        /// The link.
        handle: RawHandle,
    }

    /// Sets after what time a link drops data. [Vol 4] Part E, 7.3.30
    WriteAutomaticFlushTimeout = WRITE_AUTOMATIC_FLUSH_TIMEOUT -> HandleReturn {
        /// The link.
        handle: RawHandle,
        /// In slots of 0.625 ms, at most 0x07ff; 0 for never.
        timeout: U16,
    }

    /// Sets after what time without a packet a link ends. [Vol 4] Part E, 7.3.42
    WriteLinkSupervisionTimeout = WRITE_LINK_SUPERVISION_TIMEOUT -> HandleReturn {
        /// The link.
        handle: RawHandle,
        /// In slots of 0.625 ms; 0 for never.
        timeout: U16,
    }

    /// Drops the flushable data of a link. Enhanced Flush Complete follows. [Vol 4] Part E, 7.3.66
    EnhancedFlush = ENHANCED_FLUSH -> Accepted {
        /// The link.
        handle: RawHandle,
        /// The data.
        data: DataOf,
    }

    /// Reports to peers whether the host supports LE. [Vol 4] Part E, 7.3.79
    WriteLeHostSupport = WRITE_LE_HOST_SUPPORT -> Done {
        /// 1 if it does.
        enable: u8,
        /// Always 0.
        reserved: u8,
    }

    /// Reads one page of the LMP features. [Vol 4] Part E, 7.4.4
    ReadLocalExtendedFeatures = READ_LOCAL_EXTENDED_FEATURES -> LocalExtendedFeatures {
        /// The page.
        page: u8,
    }
}

returns! {
    /// Return parameters of [`DeleteStoredLinkKey`].
    DeletedKeys {
        /// Number of deleted keys.
        count: U16,
    }

    /// Return parameters of [`ReadAutomaticFlushTimeout`].
    FlushTimeout {
        /// The link.
        handle: RawHandle,
        /// In slots of 0.625 ms; 0 for never.
        timeout: U16,
    }

    /// Return parameters of [`ReadLocalExtendedFeatures`].
    LocalExtendedFeatures {
        /// The page.
        page: u8,
        /// The last page.
        max_page: u8,
        /// Bits of [`crate::LmpFeatures`], [`crate::LmpFeatures1`] or [`crate::LmpFeatures2`].
        features: U64,
    }
}

open_enum! {
    /// The scans that are on. [Vol 4] Part E, 7.3.18
    pub struct ScanEnable(u8) {
        /// None.
        NONE = 0x00,
        /// Inquiry scan: discoverable.
        INQUIRY = 0x01,
        /// Page scan: connectable.
        PAGE = 0x02,
        /// Both.
        BOTH = 0x03,
    }
}

open_enum! {
    /// Type of a scan. [Vol 4] Part E, 7.3.48
    pub struct ScanType(u8) {
        /// Standard: every controller has it.
        STANDARD = 0x00,
        /// Interlaced: answers faster.
        INTERLACED = 0x01,
    }
}

open_enum! {
    /// The data that Enhanced Flush drops. [Vol 4] Part E, 7.3.66
    pub struct DataOf(u8) {
        /// Automatically flushable packets.
        FLUSHABLE = 0x00,
    }
}

/// Selects the inquiry results and connections that the controller reports. [Vol 4] Part E, 7.3.3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetEventFilter {
    /// The filter.
    pub filter: EventFilter,
}

/// A filter of inquiry results, or of connections of peers. [Vol 4] Part E, 7.3.3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFilter {
    /// Removes all filters.
    Clear,
    /// Reports all inquiry results.
    AnyResult,
    /// Reports results of a class.
    ResultOfClass {
        /// The class.
        class: ClassOfDevice,
        /// The bits of it that count.
        mask: ClassOfDevice,
    },
    /// Reports results of one device.
    ResultOfAddress(BdAddress),
    /// Reports all connections.
    AnyConnection {
        /// 1 asks the host, 2 accepts, 3 accepts and requests a role switch.
        auto_accept: u8,
    },
    /// Reports connections of a class.
    ConnectionOfClass {
        /// The class.
        class: ClassOfDevice,
        /// The bits of it that count.
        mask: ClassOfDevice,
        /// 1 asks the host, 2 accepts, 3 accepts and requests a role switch.
        auto_accept: u8,
    },
    /// Reports connections of one device.
    ConnectionOfAddress {
        /// The device.
        address: BdAddress,
        /// 1 asks the host, 2 accepts, 3 accepts and requests a role switch.
        auto_accept: u8,
    },
}

impl SetEventFilter {
    /// Parses the parameters of this command.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(parameters: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let filter = match r.u8()? {
            0 => EventFilter::Clear,
            1 => match r.u8()? {
                0 => EventFilter::AnyResult,
                1 => EventFilter::ResultOfClass { class: *r.view()?, mask: *r.view()? },
                2 => EventFilter::ResultOfAddress(*r.view()?),
                _ => return Err(Malformed::Value),
            },
            2 => match r.u8()? {
                0 => EventFilter::AnyConnection { auto_accept: r.u8()? },
                1 => EventFilter::ConnectionOfClass {
                    class: *r.view()?,
                    mask: *r.view()?,
                    auto_accept: r.u8()?,
                },
                2 => EventFilter::ConnectionOfAddress { address: *r.view()?, auto_accept: r.u8()? },
                _ => return Err(Malformed::Value),
            },
            _ => return Err(Malformed::Value),
        };
        r.finish()?;
        Ok(Self { filter })
    }
}

impl Command for SetEventFilter {
    const OPCODE: Opcode = Opcode::SET_EVENT_FILTER;
    type Return = Done;

    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        match self.filter {
            EventFilter::Clear => w.u8(0),
            EventFilter::AnyResult => w.bytes(&[1, 0]),
            EventFilter::ResultOfClass { class, mask } => {
                w.bytes(&[1, 1])?;
                w.view(&class)?;
                w.view(&mask)
            }
            EventFilter::ResultOfAddress(address) => {
                w.bytes(&[1, 2])?;
                w.view(&address)
            }
            EventFilter::AnyConnection { auto_accept } => w.bytes(&[2, 0, auto_accept]),
            EventFilter::ConnectionOfClass { class, mask, auto_accept } => {
                w.bytes(&[2, 1])?;
                w.view(&class)?;
                w.view(&mask)?;
                w.u8(auto_accept)
            }
            EventFilter::ConnectionOfAddress { address, auto_accept } => {
                w.bytes(&[2, 2])?;
                w.view(&address)?;
                w.u8(auto_accept)
            }
        }
    }
}
