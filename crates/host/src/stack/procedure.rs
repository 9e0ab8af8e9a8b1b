//! Procedures of a link that the controller performs: parameters, data length, PHY, RSSI, disconnection.

use core::task::Poll;

use bindrune_gap::{Asked, ConnectionParameters, LinkControl, LinkEvent, link_of};
use bindrune_hci::{Event, Opcode, RawHandle, Status};
use bindrune_l2cap::{Parameters, UpdateOutcome};
use bindrune_wire::time::Instant;

use super::{LinkRef, Stack, link::PendingEvents};
use crate::{
    Error,
    capability::{CENTRAL, TUNING},
    waiters::LinkKey,
};

impl Stack {
    /// Passes an event that names a link to that link.
    pub(super) fn link_event(&mut self, now: Instant, event: &Event<'_>) {
        let Some(index) =
            link_of(event).and_then(RawHandle::get).and_then(|handle| self.find(handle))
        else {
            return;
        };
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.last_rx = Some(now);
            slot.control.handle_event(event);
            if slot.control.has_answered() {
                self.prove(index);
            }
        }
        self.control_changed(index);
    }

    /// Handles the completion of a command of a link.
    pub(super) fn link_complete(
        &mut self,
        now: Instant,
        index: u8,
        opcode: Opcode,
        parameters: &[u8],
    ) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.control.handle_complete(now, opcode, parameters);
        }
        self.control_changed(index);
    }

    /// Handles the Command Status of a command of a link.
    pub(super) fn link_status(&mut self, now: Instant, index: u8, opcode: Opcode, status: Status) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.control.handle_status(now, opcode, status);
        }
        self.control_changed(index);
    }

    /// Handles all pending events of a link's control.
    pub(super) fn control_changed(&mut self, index: u8) {
        self.command_link(index);
        self.deadlines_changed();
        while let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| l.is_up()) {
            let Some(event) = slot.control.poll_event() else { return };
            match event {
                LinkEvent::Parameters => slot.inbox.insert(PendingEvents::PARAMETERS),
                LinkEvent::Phy if TUNING => slot.inbox.insert(PendingEvents::PHY),
                LinkEvent::DataLength if TUNING => slot.inbox.insert(PendingEvents::DATA_LENGTH),
                LinkEvent::UseL2cap(parameters) if TUNING => self.ask_by_l2cap(index, parameters),
                LinkEvent::Phy
                | LinkEvent::DataLength
                | LinkEvent::Features
                | LinkEvent::Version
                | LinkEvent::UseL2cap(_)
                | LinkEvent::Answered => {}
                LinkEvent::Gone => self.end_link(index, Status::CONNECTION_TIMEOUT),
            }
            self.ready.link(index, LinkKey::Control);
            self.ready.link(index, LinkKey::Event);
        }
    }

    /// Requests connection parameters by L2CAP. [Vol 3] Part A, 4.20
    fn ask_by_l2cap(&mut self, index: u8, wanted: ConnectionParameters) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let ConnectionParameters { interval_min, interval_max, latency, timeout } = wanted;
        let parameters = Parameters::new(interval_min, interval_max, latency, timeout);
        if slot.signalling.request_parameters(parameters).is_err() {
            slot.control.l2cap_answered(Err(Status::INVALID_PARAMETERS));
        }
        self.mark_pending(index);
    }

    /// Handles the outcome of a parameter request by L2CAP.
    pub(super) fn parameters_answered(&mut self, index: u8, outcome: UpdateOutcome) {
        if !TUNING {
            return;
        }
        let result = match outcome {
            UpdateOutcome::Accepted => Ok(()),
            UpdateOutcome::Rejected => Err(Status::UNACCEPTABLE_PARAMETERS),
            UpdateOutcome::NotSupported => Err(Status::UNSUPPORTED_REMOTE_FEATURE),
            UpdateOutcome::Timeout => Err(Status::LL_RESPONSE_TIMEOUT),
        };
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.control.l2cap_answered(result);
        }
        self.control_changed(index);
    }

    /// Handles a parameter request of the peripheral by L2CAP. The parameters are in range. [Vol 3] Part A, 4.20
    pub(super) fn parameters_requested(&mut self, index: u8, wanted: Parameters) {
        if !CENTRAL {
            return;
        }
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let parameters = ConnectionParameters {
            interval_min: wanted.interval_min.get(),
            interval_max: wanted.interval_max.get(),
            latency: wanted.latency.get(),
            timeout: wanted.timeout.get(),
        };
        let parameters = slot.control.judge(parameters);
        let accepted = parameters.is_some_and(|p| slot.control.update_parameters(p).is_ok());
        slot.signalling.answer_parameters(accepted);
        self.control_changed(index);
    }

    /// Begins a procedure of a link.
    pub(crate) fn ask_link(
        &mut self,
        link: LinkRef,
        ask: impl FnOnce(&mut LinkControl) -> Result<Asked, Error>,
    ) -> Result<Asked, Error> {
        let asked = ask(&mut self.link_mut(link)?.control)?;
        self.control_changed(link.index);
        Ok(asked)
    }

    /// Ready when a procedure of a link has its answer.
    pub(crate) fn poll_asked<T>(
        &self,
        link: LinkRef,
        answer: impl FnOnce(&LinkControl) -> Option<Result<T, Status>>,
    ) -> Poll<Result<T, Error>> {
        match answer(&self.link(link)?.control) {
            Some(result) => Poll::Ready(result.map_err(Error::Controller)),
            None => Poll::Pending,
        }
    }
}
