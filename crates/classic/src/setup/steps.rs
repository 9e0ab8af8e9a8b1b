//! Each step: the condition for it, and its command.

use bindrune_hci::{
    LmpFeatures, LmpFeatures2, Opcode,
    cmd::{
        baseband::SetEventMask,
        classic::{
            InquiryMode, LinkPolicy, ReadLocalExtendedFeatures, ScanType,
            WriteDefaultLinkPolicySettings, WriteInquiryMode, WriteInquiryScanActivity,
            WriteInquiryScanType, WriteLeHostSupport, WritePageScanActivity, WritePageScanType,
            WritePageTimeout, WriteSecureConnectionsHostSupport, WriteSimplePairingMode,
        },
        info::{ReadBdAddr, ReadBufferSize, ReadLocalSupportedFeatures},
    },
};
use bindrune_wire::Writer;

use super::{EVENTS, Setup};
use crate::{
    ScanTiming,
    command::{SLOT, put, units},
};

/// One command of the set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Features,
    Features2,
    Address,
    Buffers,
    EventMask,
    SimplePairing,
    SecureConnections,
    LeHost,
    Features1,
    InquiryMode,
    PageTimeout,
    LinkPolicy,
    PageScanActivity,
    PageScanType,
    InquiryScanActivity,
    InquiryScanType,
}

impl Step {
    /// All steps, in order.
    pub(super) const ALL: [Self; 16] = [
        Self::Features,
        Self::Features2,
        Self::Address,
        Self::Buffers,
        Self::EventMask,
        Self::SimplePairing,
        Self::SecureConnections,
        Self::LeHost,
        Self::Features1,
        Self::InquiryMode,
        Self::PageTimeout,
        Self::LinkPolicy,
        Self::PageScanActivity,
        Self::PageScanType,
        Self::InquiryScanActivity,
        Self::InquiryScanType,
    ];

    pub(super) const fn opcode(self) -> Opcode {
        match self {
            Self::Features => Opcode::READ_LOCAL_SUPPORTED_FEATURES,
            Self::Features1 | Self::Features2 => Opcode::READ_LOCAL_EXTENDED_FEATURES,
            Self::Address => Opcode::READ_BD_ADDR,
            Self::Buffers => Opcode::READ_BUFFER_SIZE,
            Self::EventMask => Opcode::SET_EVENT_MASK,
            Self::SimplePairing => Opcode::WRITE_SIMPLE_PAIRING_MODE,
            Self::SecureConnections => Opcode::WRITE_SECURE_CONNECTIONS_HOST_SUPPORT,
            Self::LeHost => Opcode::WRITE_LE_HOST_SUPPORT,
            Self::InquiryMode => Opcode::WRITE_INQUIRY_MODE,
            Self::PageTimeout => Opcode::WRITE_PAGE_TIMEOUT,
            Self::LinkPolicy => Opcode::WRITE_DEFAULT_LINK_POLICY_SETTINGS,
            Self::PageScanActivity => Opcode::WRITE_PAGE_SCAN_ACTIVITY,
            Self::PageScanType => Opcode::WRITE_PAGE_SCAN_TYPE,
            Self::InquiryScanActivity => Opcode::WRITE_INQUIRY_SCAN_ACTIVITY,
            Self::InquiryScanType => Opcode::WRITE_INQUIRY_SCAN_TYPE,
        }
    }

    /// Returns whether the host cannot use BR/EDR without the step.
    pub(super) const fn is_mandatory(self) -> bool {
        matches!(self, Self::Features | Self::Address | Self::Buffers | Self::EventMask)
    }
}

impl Setup {
    /// Returns whether inquiries can return data.
    pub(super) const fn has_extended_inquiry(&self) -> bool {
        self.info.features.contains(LmpFeatures::EXTENDED_INQUIRY)
    }

    /// Returns whether the controller can take the step.
    pub(super) fn applies(&self, step: Step) -> bool {
        let info = &self.info;
        let has = |feature| info.features.contains(feature);
        step.is_mandatory()
            || info.supports(step.opcode())
                && match step {
                    Step::Features1 | Step::Features2 => has(LmpFeatures::EXTENDED_FEATURES),
                    Step::SimplePairing => has(LmpFeatures::SIMPLE_PAIRING),
                    Step::SecureConnections => {
                        self.config.secure_connections
                            && info.simple_pairing
                            && info.features_2.contains(LmpFeatures2::SECURE_CONNECTIONS)
                    }
                    Step::LeHost => has(LmpFeatures::LE_SUPPORTED),
                    Step::InquiryMode => {
                        has(LmpFeatures::RSSI_WITH_INQUIRY) || self.has_extended_inquiry()
                    }
                    Step::PageScanType => has(LmpFeatures::INTERLACED_PAGE_SCAN),
                    Step::InquiryScanType => has(LmpFeatures::INTERLACED_INQUIRY_SCAN),
                    Step::Features
                    | Step::Address
                    | Step::Buffers
                    | Step::EventMask
                    | Step::PageTimeout
                    | Step::LinkPolicy
                    | Step::PageScanActivity
                    | Step::InquiryScanActivity => true,
                }
    }

    pub(super) fn write(&self, step: Step, w: &mut Writer<'_>) -> Option<Opcode> {
        let config = &self.config;
        match step {
            Step::Features => put(w, &ReadLocalSupportedFeatures),
            Step::Features1 => put(w, &ReadLocalExtendedFeatures { page: 1 }),
            Step::Features2 => put(w, &ReadLocalExtendedFeatures { page: 2 }),
            Step::Address => put(w, &ReadBdAddr),
            Step::Buffers => put(w, &ReadBufferSize),
            Step::EventMask => {
                put(w, &SetEventMask { mask: self.le_events.union(EVENTS).bits().into() })
            }
            Step::SimplePairing => put(w, &WriteSimplePairingMode { enable: 1 }),
            Step::SecureConnections => put(w, &WriteSecureConnectionsHostSupport { enable: 1 }),
            Step::LeHost => put(w, &WriteLeHostSupport { enable: 1, reserved: 0 }),
            Step::InquiryMode => {
                let extended = self.has_extended_inquiry();
                let mode = if extended { InquiryMode::EXTENDED } else { InquiryMode::RSSI };
                put(w, &WriteInquiryMode { mode })
            }
            Step::PageTimeout => {
                let timeout = units(config.page_timeout, SLOT, 1, u16::MAX).into();
                put(w, &WritePageTimeout { timeout })
            }
            Step::LinkPolicy => {
                let has = |feature| self.info.features.contains(feature);
                let mut policy = LinkPolicy::empty();
                let switch = config.allow_role_switch && has(LmpFeatures::ROLE_SWITCH);
                policy.set(LinkPolicy::ROLE_SWITCH, switch);
                let sniff = config.allow_sniff && has(LmpFeatures::SNIFF);
                policy.set(LinkPolicy::SNIFF, sniff);
                put(w, &WriteDefaultLinkPolicySettings { policy: policy.bits().into() })
            }
            Step::PageScanActivity => {
                let timing = config.page_scan.valid();
                let (interval, window) = (timing.interval.into(), timing.window.into());
                put(w, &WritePageScanActivity { interval, window })
            }
            Step::PageScanType => {
                put(w, &WritePageScanType { scan_type: scan_type(config.page_scan) })
            }
            Step::InquiryScanActivity => {
                let timing = config.inquiry_scan.valid();
                let (interval, window) = (timing.interval.into(), timing.window.into());
                put(w, &WriteInquiryScanActivity { interval, window })
            }
            Step::InquiryScanType => {
                put(w, &WriteInquiryScanType { scan_type: scan_type(config.inquiry_scan) })
            }
        }
    }
}

const fn scan_type(timing: ScanTiming) -> ScanType {
    if timing.interlaced { ScanType::INTERLACED } else { ScanType::STANDARD }
}
