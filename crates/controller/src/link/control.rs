//! The link layer's own PDUs. [Vol 6] Part B, 2.4.2

use bindrune_hci::Status;
use embassy_time::Instant;

use super::{End, Limits, Link, LinkPhy, Range};
use crate::air::Medium;

/// An LL control PDU, as far as the simulation needs it.
#[derive(Clone, Debug)]
pub(crate) enum Control {
    /// LL_TERMINATE_IND
    Terminate(Status),
    /// LL_CONNECTION_UPDATE_IND
    UpdateParameters(Range),
    /// LL_CONNECTION_PARAM_REQ
    RequestParameters(Range),
    /// LL_CONNECTION_PARAM_RSP
    AnswerParameters(Range),
    /// LL_REJECT_EXT_IND or LL_UNKNOWN_RSP for LL_CONNECTION_PARAM_REQ
    RefuseParameters(Status),
    /// LL_FEATURE_REQ or LL_PERIPHERAL_FEATURE_REQ
    RequestFeatures(u64),
    /// LL_FEATURE_RSP
    AnswerFeatures(u64),
    /// LL_VERSION_IND
    Version { version: u8, company: u16 },
    /// LL_LENGTH_REQ: the limits of its sender for sending and receiving
    RequestLength { tx: Limits, rx: Limits },
    /// LL_LENGTH_RSP
    AnswerLength { tx: Limits, rx: Limits },
    /// LL_UNKNOWN_RSP for LL_LENGTH_REQ
    RefuseLength,
    /// LL_PHY_REQ: the PHYs that its sender prefers for sending and receiving
    RequestPhy(PhyRequest),
    /// LL_PHY_RSP
    AnswerPhy(PhyRequest),
    /// LL_PHY_UPDATE_IND: PHYs of the central and of the peripheral
    UpdatePhy(LinkPhy, LinkPhy),
    /// LL_UNKNOWN_RSP for LL_PHY_REQ
    RefusePhy,
    /// LL_ENC_REQ
    Encrypt { random: [u8; 8], diversifier: u16 },
    /// LL_ENC_RSP
    EncryptAnswer,
    /// LL_START_ENC_REQ
    StartEncryption,
    /// LL_START_ENC_RSP; a correct MIC shows that its sender has the same key
    EncryptionStarted([u8; 16]),
    /// LL_PAUSE_ENC_REQ
    PauseEncryption,
    /// LL_PAUSE_ENC_RSP
    EncryptionPaused,
    /// LL_REJECT_EXT_IND for LL_ENC_REQ
    RefuseEncryption(Status),
}

/// The PHYs that an end accepts for sending and receiving; true stands for 2M.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PhyRequest {
    pub(crate) tx_one: bool,
    pub(crate) tx_two: bool,
    pub(crate) rx_one: bool,
    pub(crate) rx_two: bool,
}

impl Control {
    /// Returns the length of the PDU's payload, opcode included, in octets.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::EncryptAnswer => 13,
            Self::UpdateParameters(_) => 12,
            Self::RequestParameters(_) | Self::AnswerParameters(_) | Self::Encrypt { .. } => 24,
            Self::RequestFeatures(_)
            | Self::AnswerFeatures(_)
            | Self::RequestLength { .. }
            | Self::AnswerLength { .. } => 9,
            Self::Version { .. } => 6,
            Self::UpdatePhy(..) => 5,
            Self::RequestPhy(_)
            | Self::AnswerPhy(_)
            | Self::RefuseParameters(_)
            | Self::RefuseEncryption(_) => 3,
            Self::Terminate(_) | Self::RefuseLength | Self::RefusePhy => 2,
            Self::StartEncryption
            | Self::EncryptionStarted(_)
            | Self::PauseEncryption
            | Self::EncryptionPaused => 1,
        }
    }
}

/// Pending procedures of an end.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// The end of the link: the time at which it ends without the peer's acknowledgement, and the
    /// status for its host.
    pub(crate) ending: Option<(Instant, Status)>,
    /// Parameters that its host requested.
    pub(crate) update: Option<Range>,
    /// Whether its host was asked to accept the peer's parameters.
    pub(crate) asked: bool,
    /// Whether the one permitted LL_VERSION_IND was sent, and the peer's version.
    pub(crate) version_sent: bool,
    pub(crate) version: Option<(u8, u16)>,
    pub(crate) reads_version: bool,
    pub(crate) features: Option<u64>,
    pub(crate) reads_features: bool,
    /// PHYs that its host requested.
    pub(crate) phy: Option<PhyRequest>,
}

impl Pending {
    /// Returns whether the peer has had long enough to acknowledge the end of the link.
    pub(crate) fn gives_up(&self, now: Instant) -> bool {
        self.ending.is_some_and(|(at, _)| at <= now)
    }

    /// Returns the reason for the end of the link at this end, which lost its peer for `reason`.
    pub(crate) const fn end_reason(&self, reason: Status) -> Status {
        match self.ending {
            Some((_, own)) => own,
            None => reason,
        }
    }
}

impl Link {
    /// Queues a control PDU at an end.
    pub(super) fn push(&mut self, end: End, control: Control) {
        self.side_mut(end).transmitter.push_control(control);
    }

    /// Handles a control PDU that arrived at `end`.
    pub(super) fn handle_control(&mut self, end: End, control: Control, m: &mut Medium) {
        match control {
            Control::Terminate(reason) => {
                self.close(end, reason, m);
                let own = self.side(end.other()).pending.end_reason(Status::LOCAL_HOST_TERMINATED);
                self.close(end.other(), own, m);
            }
            Control::UpdateParameters(range) => self.schedule.plan_update(range.choose()),
            Control::RequestParameters(range) => self.parameters_requested(end, range, m),
            Control::AnswerParameters(range) => self.push(end, Control::UpdateParameters(range)),
            Control::RefuseParameters(status) => self.parameters_refused(end, status, m),
            Control::RequestFeatures(features) => self.features_requested(end, features, m),
            Control::AnswerFeatures(features) => self.features_known(end, features, m),
            Control::Version { version, company } => {
                self.version_known(end, (version, company), m);
            }
            Control::RequestLength { tx, rx } => self.length_requested(end, tx, rx, m),
            Control::AnswerLength { tx, rx } => self.length_answered(end, tx, rx, m),
            Control::RefuseLength => {}
            Control::RequestPhy(request) => self.phy_requested(end, request, m),
            Control::AnswerPhy(request) => self.phy_answered(request),
            Control::UpdatePhy(central, peripheral) => {
                self.schedule.plan_phy(central, peripheral);
            }
            Control::RefusePhy => self.phy_refused(end, m),
            Control::Encrypt { random, diversifier } => {
                self.encryption_requested(end, random, diversifier, m);
            }
            Control::EncryptAnswer => {}
            Control::StartEncryption => self.encryption_starts(end),
            Control::EncryptionStarted(key) => self.encryption_started(end, key, m),
            Control::PauseEncryption => self.pause_requested(end),
            Control::EncryptionPaused => self.encryption_paused(end),
            Control::RefuseEncryption(status) => self.encryption_refused(end, status, m),
        }
    }
}
