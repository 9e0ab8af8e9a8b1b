//! Procedures that hosts can request on a link, and how the two ends carry them out. [Vol 6] Part
//! B, 5.1

use bindrune_hci::Status;

use super::{
    End, Limits, Link, LinkPhy, Parameters, Range, Side,
    control::{Control, PhyRequest},
};
use crate::air::Medium;

/// Ending the link. [Vol 6] Part B, 5.1.6
impl Link {
    pub(crate) fn disconnect(
        &mut self,
        end: End,
        reason: Status,
        m: &Medium,
    ) -> Result<(), Status> {
        if self.side(end).pending.ending.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.end_by(end, reason, Status::LOCAL_HOST_TERMINATED, m);
        Ok(())
    }

    /// Ends the link on behalf of the link layer of `end`.
    pub(super) fn terminate(&mut self, end: End, reason: Status, m: &Medium) {
        if self.side(end).pending.ending.is_none() {
            self.end_by(end, reason, reason, m);
        }
    }

    fn end_by(&mut self, end: End, reason: Status, own: Status, m: &Medium) {
        let deadline = m.now.saturating_add(self.parameters.timeout());
        self.side_mut(end).pending.ending = Some((deadline, own));
        self.push(end, Control::Terminate(reason));
    }
}

/// Connection parameters. [Vol 6] Part B, 5.1.1, 5.1.7
impl Link {
    /// Requests other parameters, for the host of `end`.
    pub(crate) fn update(&mut self, end: End, range: Range, m: &Medium) -> Result<(), Status> {
        let own = self.has_parameter_request(end, m);
        let both = own && self.has_parameter_request(end.other(), m);
        if self.side(end).pending.update.is_some() || self.schedule.is_updating() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        match end {
            End::Peripheral if !own => return Err(Status::UNSUPPORTED_REMOTE_FEATURE),
            End::Central if !both => self.push(end, Control::UpdateParameters(range)),
            End::Central | End::Peripheral => self.push(end, Control::RequestParameters(range)),
        }
        self.side_mut(end).pending.update = Some(range);
        Ok(())
    }

    fn has_parameter_request(&self, end: End, m: &Medium) -> bool {
        m.controllers[self.side(end).controller].config.parameter_request
    }

    /// Takes the answer of the host of `end` to the peer's request: accepted (`Ok`) or refused.
    pub(crate) fn answer_update(
        &mut self,
        end: End,
        answer: Result<Range, Status>,
    ) -> Result<(), Status> {
        let pending = &mut self.side_mut(end).pending;
        if !core::mem::take(&mut pending.asked) {
            return Err(Status::COMMAND_DISALLOWED);
        }
        let control = match (answer, end) {
            (Ok(range), End::Central) => Control::UpdateParameters(range),
            (Ok(range), End::Peripheral) => Control::AnswerParameters(range),
            (Err(status), _) => Control::RefuseParameters(status),
        };
        self.push(end, control);
        Ok(())
    }

    pub(super) fn parameters_requested(&mut self, end: End, range: Range, m: &mut Medium) {
        let supported = self.has_parameter_request(end, m);
        let side = self.side(end);
        let asked = supported && m.controllers[side.controller].ask_parameters(side.handle, range);
        self.side_mut(end).pending.asked = asked;
        if !asked {
            self.push(end, Control::RefuseParameters(Status::UNSUPPORTED_REMOTE_FEATURE));
        }
    }

    pub(super) fn parameters_refused(&mut self, end: End, status: Status, m: &mut Medium) {
        let Some(range) = self.side(end).pending.update else { return };
        if end == End::Central && status == Status::UNSUPPORTED_REMOTE_FEATURE {
            return self.push(end, Control::UpdateParameters(range));
        }
        let side = self.side_mut(end);
        side.pending.update = None;
        m.controllers[side.controller].parameters_updated(side.handle, status, self.parameters);
    }

    pub(super) fn apply_parameters(&mut self, new: Parameters, m: &mut Medium) {
        let changed = new != self.parameters;
        self.parameters = new;
        for end in [End::Central, End::Peripheral] {
            let side = self.side_mut(end);
            let asked = side.pending.update.take().is_some();
            if side.open && (asked || changed) {
                m.controllers[side.controller].parameters_updated(
                    side.handle,
                    Status::SUCCESS,
                    new,
                );
            }
        }
    }
}

/// Features and version. [Vol 6] Part B, 5.1.4, 5.1.5
impl Link {
    pub(crate) fn read_features(&mut self, end: End, m: &mut Medium) {
        let side = self.side_mut(end);
        let own = m.controllers[side.controller].features();
        match side.pending.features {
            Some(features) => m.controllers[side.controller].features_read(side.handle, features),
            None => {
                side.pending.reads_features = true;
                self.push(end, Control::RequestFeatures(own));
            }
        }
    }

    pub(super) fn features_requested(&mut self, end: End, features: u64, m: &mut Medium) {
        let own = m.controllers[self.side(end).controller].features();
        self.push(end, Control::AnswerFeatures(own));
        self.features_known(end, features, m);
    }

    pub(super) fn features_known(&mut self, end: End, features: u64, m: &mut Medium) {
        let side = self.side_mut(end);
        side.pending.features = Some(features);
        if core::mem::take(&mut side.pending.reads_features) {
            m.controllers[side.controller].features_read(side.handle, features);
        }
    }

    pub(crate) fn read_version(&mut self, end: End, m: &mut Medium) {
        self.side_mut(end).pending.reads_version = true;
        match self.side(end).pending.version {
            Some(version) => self.version_known(end, version, m),
            None => self.send_version(end, m),
        }
    }

    pub(super) fn version_known(&mut self, end: End, version: (u8, u16), m: &mut Medium) {
        self.send_version(end, m);
        let side = self.side_mut(end);
        side.pending.version = Some(version);
        if core::mem::take(&mut side.pending.reads_version) {
            m.controllers[side.controller].version_read(side.handle, version);
        }
    }

    fn send_version(&mut self, end: End, m: &Medium) {
        let side = self.side_mut(end);
        let config = &m.controllers[side.controller].config;
        if !core::mem::replace(&mut side.pending.version_sent, true) {
            let version =
                Control::Version { version: config.hci_version, company: config.manufacturer };
            self.push(end, version);
        }
    }
}

/// Data length. [Vol 6] Part B, 5.1.9
impl Link {
    pub(crate) fn set_length(&mut self, end: End, tx: Limits, m: &mut Medium) {
        let lengths = &mut self.side_mut(end).lengths;
        lengths.local_tx = tx.min(lengths.local_rx);
        self.request_length(end);
        self.report_lengths(end, m);
    }

    pub(super) fn request_length(&mut self, end: End) {
        let lengths = self.side(end).lengths;
        self.push(end, Control::RequestLength { tx: lengths.local_tx, rx: lengths.local_rx });
    }

    pub(super) fn length_requested(&mut self, end: End, tx: Limits, rx: Limits, m: &mut Medium) {
        if m.controllers[self.side(end).controller].config.data_length <= Limits::MIN.octets {
            return self.push(end, Control::RefuseLength);
        }
        let lengths = self.side(end).lengths;
        self.push(end, Control::AnswerLength { tx: lengths.local_tx, rx: lengths.local_rx });
        self.length_answered(end, tx, rx, m);
    }

    pub(super) fn length_answered(&mut self, end: End, tx: Limits, rx: Limits, m: &mut Medium) {
        let lengths = &mut self.side_mut(end).lengths;
        (lengths.remote_tx, lengths.remote_rx) = (tx, rx);
        self.report_lengths(end, m);
    }

    fn report_lengths(&mut self, end: End, m: &mut Medium) {
        let side = self.side_mut(end);
        let now = side.lengths.effective();
        if core::mem::replace(&mut side.lengths.reported, now) != now {
            m.controllers[side.controller].length_changed(side.handle, now);
        }
    }
}

/// PHY. [Vol 6] Part B, 5.1.10
impl Link {
    pub(crate) fn set_phy(
        &mut self,
        end: End,
        request: PhyRequest,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if self.side(end).pending.phy.is_some() || self.schedule.is_changing_phy() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if !m.controllers[self.side(end).controller].config.phy_2m {
            self.report_phys(end, Status::SUCCESS, m);
            return Ok(());
        }
        self.side_mut(end).pending.phy = Some(request);
        self.push(end, Control::RequestPhy(request));
        Ok(())
    }

    /// Returns the PHYs on which this end sends and receives.
    pub(crate) const fn phys(&self, end: End) -> (LinkPhy, LinkPhy) {
        (self.side(end).phy, self.side(end.other()).phy)
    }

    pub(super) fn phy_requested(&mut self, end: End, request: PhyRequest, m: &Medium) {
        let controller = &m.controllers[self.side(end).controller];
        if !controller.config.phy_2m {
            return self.push(end, Control::RefusePhy);
        }
        let own = controller.default_phy;
        match end {
            End::Peripheral => self.push(end, Control::AnswerPhy(own)),
            End::Central => self.push_phys(own, request),
        }
    }

    pub(super) fn phy_answered(&mut self, peripheral: PhyRequest) {
        if let Some(own) = self.central.pending.phy {
            self.push_phys(own, peripheral);
        }
    }

    /// Lets the central choose PHYs that both accept, the faster ones first.
    fn push_phys(&mut self, central: PhyRequest, peripheral: PhyRequest) {
        let choose = |one: bool, two: bool, now: LinkPhy| match (one, two) {
            (_, true) => LinkPhy::Two,
            (true, false) => LinkPhy::One,
            (false, false) => now,
        };
        let there = choose(
            central.tx_one && peripheral.rx_one,
            central.tx_two && peripheral.rx_two,
            self.central.phy,
        );
        let back = choose(
            central.rx_one && peripheral.tx_one,
            central.rx_two && peripheral.tx_two,
            self.peripheral.phy,
        );
        self.push(End::Central, Control::UpdatePhy(there, back));
    }

    pub(super) fn phy_refused(&mut self, end: End, m: &mut Medium) {
        if self.side_mut(end).pending.phy.take().is_some() {
            self.report_phys(end, Status::UNSUPPORTED_REMOTE_FEATURE, m);
        }
    }

    pub(super) fn apply_phys(&mut self, central: LinkPhy, peripheral: LinkPhy, m: &mut Medium) {
        let changed = (self.central.phy, self.peripheral.phy) != (central, peripheral);
        (self.central.phy, self.peripheral.phy) = (central, peripheral);
        for end in [End::Central, End::Peripheral] {
            let asked = self.side_mut(end).pending.phy.take().is_some();
            if self.side(end).open && (asked || changed) {
                self.report_phys(end, Status::SUCCESS, m);
            }
        }
    }

    fn report_phys(&self, end: End, status: Status, m: &mut Medium) {
        let (tx, rx) = self.phys(end);
        let Side { controller, handle, .. } = *self.side(end);
        m.controllers[controller].phys_updated(handle, status, tx, rx);
    }
}
