use bindrune_hci::{Opcode, PhyMask, Status};

use super::{Asked, Can, Disconnect, InvalidReason, LinkControl, PendingEvents, Procedure, Start};
use crate::{
    ConnectionParameters, InvalidParameters,
    capability::{Call, TUNING},
};

/// Requests of the application.
impl LinkControl {
    /// Changes the parameters. A peripheral uses the link layer if both sides support it, otherwise L2CAP
    /// ([`crate::LinkEvent::UseL2cap`]). If an update is already waiting, it takes these parameters, and both
    /// requests share its answer.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`] if they break a rule of [`ConnectionParameters::validate`].
    pub fn update_parameters(
        &mut self,
        parameters: ConnectionParameters,
    ) -> Result<Asked, InvalidParameters> {
        parameters.validate()?;
        self.update_to = parameters;
        Ok(self.update.ask())
    }

    /// Returns how an update ended, once it has.
    #[must_use]
    pub fn updated(&self, asked: Asked) -> Option<Result<(), Status>> {
        self.update.answer(asked)
    }

    /// Takes the outcome of the L2CAP request of [`crate::LinkEvent::UseL2cap`].
    pub fn l2cap_answered(&mut self, result: Result<(), Status>) {
        if self.take_running(|(running, _)| running == Procedure::L2cap).is_some() {
            self.update.finish(result);
            self.pending_events.insert(PendingEvents::ANSWERED);
        }
    }

    /// Requests PHYs to send and to receive with; an empty set leaves the choice to the controller.
    pub fn set_phy(&mut self, tx: PhyMask, rx: PhyMask) -> Asked {
        self.phy_to = (tx, rx);
        let can = self.can.contains(Can::PHY);
        self.ask(can, |link| &mut link.phy)
    }

    /// Returns how [`Self::set_phy`] ended, once it has.
    #[must_use]
    pub fn phy_set(&self, asked: Asked) -> Option<Result<(), Status>> {
        self.phy.answer(asked)
    }

    /// Requests a packet length for sending: 27 to 251 octets, 328 to 17,040 µs. Values outside are clamped.
    pub fn set_data_length(&mut self, octets: u16, time: u16) -> Asked {
        self.data_length_to = (octets.clamp(27, 251), time.clamp(328, 17_040));
        let can = self.can.contains(Can::DATA_LENGTH);
        self.ask(can, |link| &mut link.data_length)
    }

    /// Returns how [`Self::set_data_length`] ended, once it has.
    #[must_use]
    pub fn data_length_set(&self, asked: Asked) -> Option<Result<(), Status>> {
        self.data_length.answer(asked)
    }

    /// Measures the signal strength. Requests that wait together share one measurement.
    pub fn read_rssi(&mut self) -> Asked {
        let can = self.can.contains(Can::RSSI);
        self.ask(can, |link| &mut link.rssi)
    }

    /// Returns the signal strength in dBm, once it was measured.
    #[must_use]
    pub fn rssi(&self, asked: Asked) -> Option<Result<i8, Status>> {
        self.rssi.answer(asked)
    }

    /// Checks whether the controller still knows this link; if not, reports [`crate::LinkEvent::Gone`].
    pub fn probe(&mut self) {
        if self.can.contains(Can::RSSI) {
            self.read_rssi();
        } else if TUNING && self.can.contains(Can::VERSION) {
            self.start.insert(Start::VERSION);
        }
    }

    /// Returns whether a link sends this command by itself when it comes up.
    #[must_use]
    pub const fn begins_with(opcode: Opcode) -> bool {
        matches!(
            opcode,
            Opcode::LE_READ_REMOTE_FEATURES
                | Opcode::READ_REMOTE_VERSION_INFORMATION
                | Opcode::LE_SET_DATA_LENGTH
                | Opcode::LE_SET_PHY
        )
    }

    /// Returns whether [`Self::disconnect`] accepts the reason.
    #[must_use]
    pub const fn may_disconnect_for(reason: Status) -> bool {
        matches!(
            reason,
            Status::AUTHENTICATION_FAILURE
                | Status::REMOTE_USER_TERMINATED
                | Status::REMOTE_LOW_RESOURCES
                | Status::REMOTE_POWER_OFF
                | Status::UNSUPPORTED_REMOTE_FEATURE
                | Status::UNIT_KEY_NOT_SUPPORTED
                | Status::UNACCEPTABLE_PARAMETERS
        )
    }

    /// Ends the link for reason 0x05, 0x13 to 0x15, 0x1A, 0x29 or 0x3B. [Vol 4] Part E, 7.1.6
    ///
    /// # Errors
    ///
    /// [`InvalidReason`] for any other reason.
    pub const fn disconnect(&mut self, reason: Status) -> Result<(), InvalidReason> {
        if !Self::may_disconnect_for(reason) {
            return Err(InvalidReason);
        }
        if matches!(self.disconnect, Disconnect::No) {
            self.disconnect = Disconnect::Wanted { reason, not_before: None };
        }
        Ok(())
    }

    fn ask<T: Copy>(&mut self, can: bool, call: impl Fn(&mut Self) -> &mut Call<T>) -> Asked {
        let asked = call(self).ask();
        if !can {
            call(self).refuse(Status::UNSUPPORTED_FEATURE);
            self.pending_events.insert(PendingEvents::ANSWERED);
        }
        asked
    }
}
