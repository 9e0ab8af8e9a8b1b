//! Inquiry: devices that scan respond within their scan interval. [Vol 2] Part B, 8.4

use std::collections::BTreeSet;

use bindrune_hci::Status;
use embassy_time::Instant;

use super::{
    ClassicTimer,
    events::{EXTENDED_INQUIRY_RESULT, INQUIRY_COMPLETE, INQUIRY_RESULT, INQUIRY_RESULT_RSSI},
    link::slots,
};
use crate::{Air, ControllerId, air::Timer, controller::Controller};

/// A controller's pending Inquiry.
#[derive(Debug)]
pub(crate) struct Inquiry {
    number: u32,
    access_code: [u8; 3],
    end: Instant,
    /// Number of responses that may still come; `None` without a limit.
    left: Option<u8>,
    found: BTreeSet<ControllerId>,
}

impl Air {
    pub(super) fn inquire(
        &mut self,
        id: ControllerId,
        access_code: [u8; 3],
        length: u8,
        responses: u8,
    ) -> Result<(), Status> {
        if self.medium.controllers[id].classic.inquiry.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        let number = self.medium.controllers[id].next_number();
        let end = self.medium.now.saturating_add(slots(u32::from(length).saturating_mul(2048)));
        let left = (responses > 0).then_some(responses);
        let found = BTreeSet::new();
        self.medium.controllers[id].classic.inquiry =
            Some(Inquiry { number, access_code, end, left, found });
        let end_timer = ClassicTimer::InquiryEnd(id, number);
        self.medium.timers.set(end, Timer::Classic(end_timer));
        for from in self.ids().filter(|&from| from != id) {
            self.set_response(id, number, from);
        }
        Ok(())
    }

    /// Plans when the scan window of `from` meets the inquiry next.
    fn set_response(&mut self, id: ControllerId, number: u32, from: ControllerId) {
        let m = &mut self.medium;
        let (interval, _) = m.controllers[from].classic.settings.inquiry_scan;
        let wait = m.radio.rng.below(interval.into());
        let at = m.now.saturating_add(slots(u32::try_from(wait).unwrap_or(0)));
        m.timers.set(at, Timer::Classic(ClassicTimer::Respond(id, number, from)));
    }

    pub(super) fn inquiry_responds(&mut self, id: ControllerId, number: u32, from: ControllerId) {
        let m = &mut self.medium;
        let responder = &m.controllers[from];
        let settings = responder.classic.settings.clone();
        let is_on = responder.config.classic.is_some() && settings.scans_inquiries();
        let address = responder.public_address();
        let Some(inquiry) = &mut m.controllers[id].classic.inquiry else { return };
        if inquiry.number != number || inquiry.found.contains(&from) {
            return;
        }
        let asked = settings.access_codes.contains(&inquiry.access_code);
        if !is_on || !asked || m.radio.loses(from, id) {
            let (interval, _) = settings.inquiry_scan;
            let next = m.now.saturating_add(slots(u32::from(interval)));
            if next < inquiry.end {
                m.timers.set(next, Timer::Classic(ClassicTimer::Respond(id, number, from)));
            }
            return;
        }
        inquiry.found.insert(from);
        inquiry.left = inquiry.left.map(|left| left.saturating_sub(1));
        let full = inquiry.left == Some(0);
        let rssi = m.radio.rssi(id, from);
        let controller = &mut m.controllers[id];
        let mode = controller.classic.settings.inquiry_mode;
        let [rssi] = rssi.to_le_bytes();
        let one = [1_u8];
        let [extended, ..] = settings.extended_response;
        let class = settings.class;
        let head: [&[u8]; 2] = [&one, &address];
        let head = head.concat();
        match mode {
            0 => controller
                .emit(INQUIRY_RESULT, &[&head, &[REPETITION, 0, 0], &class, &CLOCK_OFFSET]),
            2 if extended != 0 => controller.emit(
                EXTENDED_INQUIRY_RESULT,
                &[
                    &head,
                    &[REPETITION, 0],
                    &class,
                    &CLOCK_OFFSET,
                    &[rssi],
                    &settings.extended_response,
                ],
            ),
            _ => controller.emit(
                INQUIRY_RESULT_RSSI,
                &[&head, &[REPETITION, 0], &class, &CLOCK_OFFSET, &[rssi]],
            ),
        };
        if full {
            controller.inquiry_complete();
        }
    }

    pub(super) fn inquiry_ends(&mut self, id: ControllerId, number: u32) {
        let controller = &mut self.medium.controllers[id];
        if controller.classic.inquiry.as_ref().is_some_and(|inquiry| inquiry.number == number) {
            controller.inquiry_complete();
        }
    }
}

impl Controller {
    fn inquiry_complete(&mut self) {
        self.classic.inquiry = None;
        self.emit(INQUIRY_COMPLETE, &[&[Status::SUCCESS.0]]);
    }

    pub(super) fn cancel_inquiry(&mut self) -> Result<(), Status> {
        self.classic.inquiry.take().map(drop).ok_or(Status::COMMAND_DISALLOWED)
    }
}

/// Page scan repetition mode R1. [Vol 4] Part E, 7.7.2
const REPETITION: u8 = 1;
/// All clocks are equal.
pub(super) const CLOCK_OFFSET: [u8; 2] = [0; 2];
