//! State of a link between its pairings, and its answers during that time.

use bindrune_wire::{Address, Interest, Writer};

use super::StartError;
use crate::{
    capability::INITIATOR,
    method::Role,
    pdu::{AuthReq, Code, Features, Pdu, PduError, Reason, step},
};

/// The machine of a link while no pairing is in progress.
///
/// A [`super::Pairing`] starts from it ([`super::Pairing::resume`]) and returns it ([`super::Pairing::idle`]), so that
/// links can share the memory of a pairing.
#[derive(Clone, Debug)]
pub struct Idle {
    role: Role,
    local: Address,
    peer: Address,
    /// Whether a pairing has timed out: this link cannot pair again. [Vol 3] Part H, 3.4
    pub(super) timed_out: bool,
    /// Whether the last pairing has completed.
    pub(super) paired: bool,
    /// The Pairing Failed that is pending.
    failed: Option<Reason>,
    /// The Security Request that is pending.
    security: Option<AuthReq>,
    dropped: u32,
}

/// Result of a PDU outside a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleEvent {
    /// The central requests a pairing. No answer is pending yet: pass the PDU to a [`super::Pairing`], or call
    /// [`Idle::refuse`].
    Request(Features),
    /// The peripheral requests security.
    Security(AuthReq),
    /// The peer rejects the keys of the completed pairing. [Vol 3] Part H, 3.5.5
    Rejected(Reason),
    /// The PDU was refused.
    Refused(Reason),
}

impl Idle {
    /// Creates the state of a new link between these addresses, as used on the air.
    #[must_use]
    pub const fn new(role: Role, local: Address, peer: Address) -> Self {
        Self {
            role,
            local,
            peer,
            timed_out: false,
            paired: false,
            failed: None,
            security: None,
            dropped: 0,
        }
    }

    /// Returns the role of this side.
    pub(super) const fn role(&self) -> Role {
        if INITIATOR { self.role } else { Role::Responder }
    }

    /// Returns this side's address, as used on the air.
    pub(super) const fn local_on_air(&self) -> Address {
        self.local
    }

    /// Returns the peer's address, as used on the air.
    #[must_use]
    pub const fn peer_on_air(&self) -> Address {
        self.peer
    }

    /// Returns the number of PDUs that were ignored.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Takes a PDU of the Security Manager channel while no pairing is in progress.
    pub fn handle_pdu(&mut self, pdu: &[u8]) -> Option<IdleEvent> {
        if self.timed_out {
            return self.drop_pdu();
        }
        match Pdu::parse(pdu) {
            Ok(pdu) => self.handle(&pdu),
            Err(PduError::Malformed(Code::PAIRING_FAILED, _)) => {
                self.handle_failed(Reason::UNSPECIFIED_REASON)
            }
            Err(PduError::Malformed(Code::PAIRING_REQUEST | Code::SECURITY_REQUEST, _)) => {
                self.reject(Reason::INVALID_PARAMETERS)
            }
            Err(PduError::Malformed(..) | PduError::Unknown(_) | PduError::Empty) => {
                self.drop_pdu()
            }
        }
    }

    fn handle(&mut self, pdu: &Pdu) -> Option<IdleEvent> {
        match (pdu, self.role()) {
            (Pdu::PairingRequest(features), Role::Responder) => Some(IdleEvent::Request(*features)),
            (Pdu::SecurityRequest(auth), Role::Initiator) => Some(IdleEvent::Security(*auth)),
            (Pdu::PairingRequest(_), Role::Initiator)
            | (Pdu::SecurityRequest(_), Role::Responder) => {
                self.reject(Reason::COMMAND_NOT_SUPPORTED)
            }
            (Pdu::Failed(reason), _) => self.handle_failed(*reason),
            (Pdu::PairingResponse(_) | Pdu::Keypress(_), _) => self.drop_pdu(),
            (step!(), _) => {
                if self.paired {
                    self.refuse(Reason::UNSPECIFIED_REASON);
                }
                self.drop_pdu()
            }
        }
    }

    fn handle_failed(&mut self, reason: Reason) -> Option<IdleEvent> {
        if self.paired && reason == Reason::KEY_REJECTED {
            self.paired = false;
            return Some(IdleEvent::Rejected(reason));
        }
        self.drop_pdu()
    }

    fn reject(&mut self, reason: Reason) -> Option<IdleEvent> {
        self.refuse(reason);
        Some(IdleEvent::Refused(reason))
    }

    pub(super) const fn drop_pdu(&mut self) -> Option<IdleEvent> {
        self.dropped = self.dropped.saturating_add(1);
        None
    }

    /// Requests security from the central, as the responder. [Vol 3] Part H, 2.4.6
    ///
    /// The central may ignore the request: nothing waits for an answer.
    ///
    /// # Errors
    ///
    /// [`StartError::Role`] for the initiator; [`StartError::TimedOut`] if an earlier pairing of this link timed out.
    pub const fn request_security(&mut self, auth: AuthReq) -> Result<(), StartError> {
        if matches!(self.role(), Role::Initiator) {
            Err(StartError::Role)
        } else if self.timed_out {
            Err(StartError::TimedOut)
        } else {
            self.security = Some(auth);
            Ok(())
        }
    }

    /// Sends Pairing Failed to the peer, for a pairing that does not begin or whose keys this side discards afterwards.
    pub const fn refuse(&mut self, reason: Reason) {
        self.failed = Some(reason);
    }

    /// Drops the pending PDUs.
    pub(super) const fn clear(&mut self) {
        (self.failed, self.security) = (None, None);
    }

    /// Returns whether a PDU is pending.
    #[must_use]
    pub const fn interest(&self) -> Interest {
        if self.failed.is_some() || self.security.is_some() {
            Interest::Urgent
        } else {
            Interest::None
        }
    }

    /// Writes the pending PDU; false if there is none, or no room.
    pub fn poll_transmit(&mut self, w: &mut Writer<'_>) -> bool {
        let pdu = match (self.failed, self.security) {
            (Some(reason), _) => Pdu::Failed(reason),
            (None, Some(auth)) => Pdu::SecurityRequest(auth),
            (None, None) => return false,
        };
        if pdu.write(w).is_err() {
            return false;
        }
        if self.failed.take().is_none() {
            self.security = None;
        }
        true
    }
}
