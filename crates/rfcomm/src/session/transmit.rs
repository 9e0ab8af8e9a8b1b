//! Frames to send. [RFCOMM 1.2] 4.1 and 5.1

use bindrune_wire::{Interest, NoRoom, Writer, time::Instant};

use super::{Reply, Request, Session, SessionState};
use crate::{
    Changes, Dlc, Dlci, Dlcs, Frame, FrameType, Message, RESPONSE_TIMEOUT,
    dlc::Due,
    frame::{Header, OVERHEAD},
};

impl Session {
    /// Returns whether [`Self::poll_transmit`] has a frame to write, and how urgent it is.
    #[must_use]
    pub fn interest(&self, dlcs: &Dlcs) -> Interest {
        if self.is_control_due() {
            return Interest::Urgent;
        }
        if self.state != SessionState::Open {
            return Interest::None;
        }
        let each = dlcs.of(self.id).map(|(_, dlc)| dlc.interest(self.is_off));
        each.max().unwrap_or_default()
    }

    fn is_control_due(&self) -> bool {
        let is_request_due = matches!(self.request, Some((_, None)));
        (self.ua | self.dm) != 0
            || self.is_command_due
            || self.reply.is_some()
            || self.flow_reply.is_some()
            || self.test_len.is_some()
            || is_request_due
    }

    /// Writes the one frame that is due, as a whole datagram, and returns whether it did. Responses come first, then
    /// commands, then credits and data of all DLCs in turn.
    ///
    /// `w` needs room for 48 octets, the least MTU, so that every frame can be written, and for the peer's MTU to make
    /// full use of it. A Test of the peer needs as many octets as it came in.
    pub fn poll_transmit(&mut self, now: Instant, dlcs: &mut Dlcs, w: &mut Writer<'_>) -> bool {
        let written = self.transmit_control(now, w).is_some_and(|r| r.is_ok())
            || self.state == SessionState::Open && self.transmit_dlcs(now, dlcs, w);
        if written {
            self.update_idle(now, dlcs);
        }
        written
    }

    /// Writes the next frame that belongs to no DLC.
    fn transmit_control(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Result<(), NoRoom>> {
        if let Some(dlci) = first(self.ua) {
            return Some(self.write_frame(dlci, FrameType::UA, w).map(|()| self.ua &= !dlci.bit()));
        }
        if let Some(dlci) = first(self.dm) {
            return Some(self.write_frame(dlci, FrameType::DM, w).map(|()| self.dm &= !dlci.bit()));
        }
        if self.is_command_due {
            let is_opening = self.state == SessionState::Opening;
            let kind = if is_opening { FrameType::SABM } else { FrameType::DISC };
            return Some(self.write_frame(Dlci::CONTROL, kind, w).map(|()| {
                self.is_command_due = false;
                self.deadline = Some(now + RESPONSE_TIMEOUT);
            }));
        }
        if let Some(reply) = self.reply {
            let message = match reply {
                Reply::NotSupported(kind) => Message::NotSupported(kind),
                Reply::Port(dlci, settings, mask) => Message::Port(dlci, Some((settings, mask))),
            };
            return Some(self.write_message(&message, false, w).map(|()| self.reply = None));
        }
        if let Some(on) = self.flow_reply {
            let message = if on { Message::FlowOn } else { Message::FlowOff };
            return Some(self.write_message(&message, false, w).map(|()| self.flow_reply = None));
        }
        if let Some(len) = self.test_len {
            let octets = self.test.get(..len.into()).unwrap_or_default();
            let written = self.write_message(&Message::Test(octets), false, w);
            return Some(written.map(|()| self.test_len = None));
        }
        let (request, None) = self.request? else { return None };
        let written = match &request {
            Request::Test(octets) => self.write_message(&Message::Test(octets), true, w),
            Request::Flow(true) => self.write_message(&Message::FlowOn, true, w),
            Request::Flow(false) => self.write_message(&Message::FlowOff, true, w),
        };
        let deadline = Some(now + RESPONSE_TIMEOUT);
        Some(written.map(|()| self.request = Some((request, deadline))))
    }

    /// Writes the next frame of a DLC.
    fn transmit_dlcs(&mut self, now: Instant, dlcs: &mut Dlcs, w: &mut Writer<'_>) -> bool {
        let due = self.next(dlcs, |dlc| dlc.due().is_some());
        if let Some((index, due)) = due.and_then(|i| Some((i, dlcs.get(i)?.due()?))) {
            let written = match due {
                Due::Frame(kind) => {
                    let dlci = dlcs.get(index).map_or(Dlci::CONTROL, Dlc::dlci);
                    self.write_frame(dlci, kind, w)
                }
                Due::Message(message, is_command) => self.write_message(&message, is_command, w),
            };
            if written.is_ok() {
                self.turn = index;
                dlcs.with(index, |dlc| dlc.sent(due, now));
            }
            return written.is_ok();
        }
        let is_off = self.is_off;
        let next = self
            .next(dlcs, Dlc::credits_due)
            .or_else(|| self.next(dlcs, |dlc| dlc.can_send(is_off)));
        let Some(index) = next else { return false };
        let limits = Limits {
            command_response: self.command_response(FrameType::UIH),
            frame_size: self.frame_size,
            is_off,
        };
        let written = dlcs.with(index, |dlc| dlc.write_data(now, limits, w).is_ok());
        if written {
            self.turn = index;
        }
        written
    }

    /// Returns the next slot of this session, in turn, that `wanted` accepts.
    fn next(&self, dlcs: &Dlcs, wanted: impl Fn(&Dlc) -> bool) -> Option<usize> {
        let mut earliest = None;
        for (index, _) in dlcs.of(self.id).filter(|(_, dlc)| wanted(dlc)) {
            if index > self.turn {
                return Some(index);
            }
            earliest = earliest.or(Some(index));
        }
        earliest
    }

    fn command_response(&self, kind: FrameType) -> bool {
        self.is_initiator() != kind.is_response()
    }

    fn write_frame(&self, dlci: Dlci, kind: FrameType, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let command_response = self.command_response(kind);
        let poll_final = true;
        Frame { dlci, command_response, kind, poll_final, credits: None, information: &[] }.write(w)
    }

    /// Writes a message on DLCI 0. After an error, nothing was written.
    fn write_message(
        &self,
        message: &Message<'_>,
        is_command: bool,
        w: &mut Writer<'_>,
    ) -> Result<(), NoRoom> {
        let start = w.len();
        let header = Header {
            dlci: Dlci::CONTROL,
            command_response: self.command_response(FrameType::UIH),
            kind: FrameType::UIH,
            poll_final: false,
            credits: None,
        };
        let written = header
            .write(message.len(), w)
            .and_then(|()| message.write(is_command, w))
            .and_then(|()| w.u8(header.fcs(message.len())));
        written.inspect_err(|_| w.truncate(start))
    }
}

/// What the session allows a frame with data.
#[derive(Clone, Copy)]
struct Limits {
    command_response: bool,
    frame_size: u16,
    is_off: bool,
}

impl Dlc {
    /// Writes a frame with data, credits, or both.
    fn write_data(
        &mut self,
        now: Instant,
        limits: Limits,
        w: &mut Writer<'_>,
    ) -> Result<(), NoRoom> {
        let credits = Some(self.grantable()).filter(|&credits| credits > 0);
        // The credit octet counts as information. [RFCOMM 1.2] 6.5.2
        let most = self.flow.frame_size.min(limits.frame_size);
        let most = usize::from(most.saturating_sub(credits.is_some().into()));
        let room = w.room().checked_sub(OVERHEAD).ok_or(NoRoom)?;
        let may = if self.can_send(limits.is_off) { most.min(room) } else { 0 };
        let len = may.min(self.tx.len());
        if len == 0 && credits.is_none() {
            return Err(NoRoom);
        }
        let Limits { command_response, .. } = limits;
        let (dlci, kind, poll_final) = (self.dlci, FrameType::UIH, credits.is_some());
        let header = Header { dlci, command_response, kind, poll_final, credits };
        header.write(len, w)?;
        if let Some(place) = w.spare().get_mut(..len) {
            self.tx.read(place);
        }
        w.advance(len)?;
        w.u8(header.fcs(len))?;
        self.data_sent(now, len, credits.unwrap_or_default());
        Ok(())
    }

    fn data_sent(&mut self, now: Instant, len: usize, credits: u8) {
        self.flow.granted = self.flow.granted.saturating_add(credits.into());
        if len == 0 {
            return;
        }
        if self.flow.credit_based {
            self.flow.credits = self.flow.credits.saturating_sub(1);
        }
        self.changes |= Changes::WRITABLE;
        if self.deadline.is_some() {
            self.deadline = Some(now + RESPONSE_TIMEOUT);
        }
    }
}

/// Returns the first DLCI of a set.
fn first(set: u64) -> Option<Dlci> {
    if set == 0 { None } else { u8::try_from(set.trailing_zeros()).ok().map(Dlci) }
}
