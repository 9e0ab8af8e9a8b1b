//! Bodies of fuzz targets; every input is valid.

use std::{vec, vec::Vec};

use bindrune_wire::{Interest, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    Break, Dlc, Dlci, Dlcs, Frame, FrameType, LineStatus, Message, ModemStatus, PortSettings, Role,
    Session, SessionId, State,
};

/// The MTU of both directions.
const MTU: u16 = 128;
/// Slots of the host.
const SLOTS: usize = 3;
/// The server channel that the host listens on.
const CHANNEL: u8 = 1;

/// Parses `data` as a frame, and what it carries as messages. What is parsed is written back with the same meaning.
pub fn frame(data: &[u8]) {
    let Ok(frame) = Frame::parse(data) else { return };
    let mut buffer = vec![0; data.len().saturating_add(2)];
    let mut w = Writer::new(&mut buffer);
    if frame.credits.is_some() || frame.kind != FrameType::UIH || !frame.poll_final {
        assert!(frame.write(&mut w).is_ok() && Frame::parse(w.written()) == Ok(frame));
    }
    let mut r = bindrune_wire::Reader::new(frame.information);
    while let Ok((is_command, message)) = Message::read(&mut r) {
        let Ok(message) = message else { continue };
        let mut buffer = [0; 200];
        let mut w = Writer::new(&mut buffer);
        if message.write(is_command, &mut w).is_ok() {
            let again = Message::read(&mut bindrune_wire::Reader::new(w.written()));
            assert_eq!(again, Ok((is_command, Ok(message))));
        }
    }
}

/// A session, its DLCs and the time.
struct Host {
    session: Session,
    dlcs: Dlcs,
    now: Instant,
}

/// DLCIs of frames that are made.
const DLCIS: [u8; 8] = [0, 0, 0, 2, 2, 3, 4, 63];

/// Types and lengths of messages that are made.
const MESSAGES: [(u8, usize); 8] =
    [(0x83, 8), (0xe3, 2), (0xe3, 3), (0x93, 8), (0x93, 1), (0x53, 2), (0x13, 1), (0xa3, 0)];

/// Plays `data` into a session: the first octet selects the role and what is open, and each other octet an operation,
/// which takes the octets after it. At the end, another session works.
pub fn operations(data: &[u8]) {
    let Some((&first, mut rest)) = data.split_first() else { return };
    let role = if first & 1 == 0 { Role::Responder } else { Role::Initiator };
    let now = Instant::ZERO;
    let make = |_| Dlc::new(vec![0; 96].leak(), vec![0; 64].leak());
    let slots = (0..SLOTS).map(make).collect::<Vec<_>>().leak();
    let dlcs = Dlcs::new(slots, SLOTS);
    let mut host = Host { session: Session::new(now, SessionId(0), role, MTU), dlcs, now };
    host.dlcs.listen(CHANNEL, true);
    host.begin(first);
    while let Some((&operation, tail)) = rest.split_first() {
        rest = tail;
        if operation & 0x80 == 0 {
            let (bytes, tail) = rest.split_at(usize::from(operation & 0x3f).min(rest.len()));
            rest = tail;
            if operation & 0x40 == 0 { host.frame(bytes) } else { host.made_frame(bytes) }
        } else {
            host.operate(operation);
        }
        host.check();
    }
    host.drain();
    host.works();
}

impl Host {
    /// Opens the multiplexer and a DLC with (2) or without (3) credits, in each direction.
    fn begin(&mut self, first: u8) {
        let is_initiator = self.session.role() == Role::Initiator;
        let convergence = match first >> 1 & 3 {
            0 => return,
            1 => None,
            2 => Some(if is_initiator { 0xe0 } else { 0xf0 }),
            _ => Some(0),
        };
        let answer = u8::from(is_initiator);
        self.transmit_all();
        self.made_frame(&[0, answer, 0]);
        let Some(convergence) = convergence else { return };
        if is_initiator {
            let _ = self.session.open(self.now, &mut self.dlcs, CHANNEL);
            self.transmit_all();
        }
        let parameters = [0x81, 0x11, 2, convergence, 7, 0, 30, 0, 0, 7];
        let command = if is_initiator { 0 } else { 2 };
        self.message(&parameters, command);
        self.transmit_all();
        self.made_frame(&[3, answer, 0]);
        let _ = self.dlcs.accept(self.now, 0);
        self.transmit_all();
        self.message(&[0xe1, 0x05, 0x0b, 0x8d], 0);
        self.message(&[0xe1, 0x05, 0x0b, 0x8d], 2);
        self.transmit_all();
    }

    /// Receives a message on DLCI 0, with a bit more in its type.
    fn message(&mut self, octets: &[u8], command: u8) {
        let mut frame = [0, 0x04, 0].to_vec();
        frame.extend_from_slice(octets);
        if let Some(kind) = frame.get_mut(3) {
            *kind |= command;
        }
        self.made_frame(&frame);
    }

    fn transmit_all(&mut self) {
        for _ in 0..16 {
            self.transmit();
        }
    }

    fn frame(&mut self, bytes: &[u8]) {
        self.session.handle_frame(self.now, bytes, &mut self.dlcs);
    }

    /// Receives a frame with a right length and FCS, whose other fields are in the first three octets.
    fn made_frame(&mut self, bytes: &[u8]) {
        let Some((&[head, kinds, credits], information)) = bytes.split_first_chunk() else {
            return;
        };
        let kinds_of = [FrameType::SABM, FrameType::UA, FrameType::DM, FrameType::DISC];
        let kind = kinds_of.get(usize::from(kinds & 7)).copied().unwrap_or(FrameType::UIH);
        let is_data = kind == FrameType::UIH;
        let poll_final = (kinds & 8 != 0) == is_data;
        let dlci = DLCIS.get(usize::from(head & 7)).copied().unwrap_or_default();
        let made = if dlci == 0 && kinds & 0x10 != 0 { made(information) } else { None };
        let information = made.as_deref().unwrap_or(information);
        let mut buffer = [0; 128];
        let mut w = Writer::new(&mut buffer);
        let frame = Frame {
            dlci: Dlci(dlci),
            // Most frames have the C/R bit of the peer.
            command_response: ((self.session.role() == Role::Initiator) == kind.is_response())
                != (kinds & 0xe0 == 0xe0),
            kind,
            poll_final,
            credits: Some(credits).filter(|_| is_data && poll_final && head & 0x40 == 0),
            information: if is_data { information } else { &[] },
        };
        if frame.write(&mut w).is_ok() {
            self.session.handle_frame(self.now, w.written(), &mut self.dlcs);
        }
    }

    /// Does what the application or the time does.
    fn operate(&mut self, operation: u8) {
        let index = usize::from(operation & 3);
        let Self { session, dlcs, now } = self;
        match operation >> 2 & 0x1f {
            0..=3 => self.transmit(),
            4 => drop(session.open(*now, dlcs, CHANNEL.saturating_add(operation & 3))),
            5 => drop(dlcs.accept(*now, index)),
            6 => drop(dlcs.refuse(index)),
            7 | 8 => drop(dlcs.send(index, &[operation; 40])),
            9 | 10 => drop(dlcs.recv(index, &mut [0; 50])),
            11 => dlcs.set_modem(index, ModemStatus::from_bits_truncate(operation << 2)),
            12 => dlcs.send_break(index, Break::new(operation & 0x0f)),
            13 => drop(dlcs.report_line(index, LineStatus::ERROR)),
            14 => drop(dlcs.set_port(index, (index > 1).then(PortSettings::default))),
            15 => dlcs.close(*now, index),
            16 => dlcs.release(*now, index),
            17 => drop(session.test([operation; 4])),
            18 => drop(session.set_flow(index > 1)),
            19 if index == 0 => session.close(*now, dlcs),
            20 if index == 0 => session.channel_lost(dlcs),
            21 => drop(dlcs.take_break(index)),
            22 => drop(dlcs.poll_change()),
            23 => drop(dlcs.listen(CHANNEL.saturating_add(1), index > 1)),
            _ => {
                let step = Duration::from_secs(u64::from(operation & 3).saturating_mul(11));
                *now += step;
                session.handle_timeout(*now, dlcs);
            }
        }
    }

    fn transmit(&mut self) {
        let pending = self.session.interest(&self.dlcs) != Interest::None;
        let mut buffer = [0; MTU as usize];
        let mut w = Writer::new(&mut buffer);
        let written = self.session.poll_transmit(self.now, &mut self.dlcs, &mut w);
        assert_eq!(written, pending, "interest and transmit agree");
        assert_eq!(written, Frame::parse(w.written()).is_ok(), "every frame is well formed");
    }

    /// Checks what is always true.
    fn check(&self) {
        for dlc in self.dlcs.iter() {
            let promised = usize::from(dlc.flow.granted).saturating_mul(dlc.flow.most.into());
            let is_live = dlc.is_live() && dlc.is_credit_based();
            assert!(!is_live || promised <= dlc.rx.free(), "every granted frame fits");
            let is_free = dlc.state() == State::Free;
            assert!(!is_free || dlc.rx.is_empty() && dlc.tx.is_empty() && !dlc.held);
            let timed = !matches!(dlc.state, State::Free | State::Closed(_) | State::Refusing);
            let waits = timed && dlc.state != State::Open;
            assert!(!waits || dlc.deadline.is_some(), "no wait without end: {:?}", dlc.state);
        }
    }

    fn drain(&mut self) {
        for _ in 0..1024 {
            if self.session.interest(&self.dlcs) == Interest::None {
                return;
            }
            self.transmit();
        }
        assert_eq!(self.session.interest(&self.dlcs), Interest::None, "what is pending is bounded");
    }

    /// Checks that a silent peer ends, and that another session carries data.
    fn works(&mut self) {
        for index in 0..SLOTS {
            self.dlcs.release(self.now, index);
        }
        self.drain();
        for _ in 0..64 {
            let Some(at) = self.session.poll_timeout(self.now, &self.dlcs) else { break };
            self.now = self.now.max(at);
            self.session.handle_timeout(self.now, &mut self.dlcs);
            self.drain();
        }
        assert_eq!(self.session.poll_timeout(self.now, &self.dlcs), None, "every wait ends");
        assert!(self.session.is_done(), "a session without DLCs ends");
        assert!(self.dlcs.iter().all(|dlc| dlc.state() == State::Free));
        let mut peer = Dlcs::new(vec![Dlc::new(vec![0; 96].leak(), vec![0; 64].leak())].leak(), 1);
        let mut client = Session::new(self.now, SessionId(9), Role::Initiator, MTU);
        self.session = Session::new(self.now, SessionId(0), Role::Responder, MTU);
        let slot = client.open(self.now, &mut peer, CHANNEL);
        for _ in 0..32 {
            if let Some(index) = self.dlcs.requested(CHANNEL) {
                assert!(self.dlcs.accept(self.now, index));
            }
            transfer((&mut client, &mut peer), (&mut self.session, &mut self.dlcs), self.now);
            transfer((&mut self.session, &mut self.dlcs), (&mut client, &mut peer), self.now);
        }
        assert_eq!(peer.send(slot.unwrap_or(SLOTS), b"alive"), 5);
        transfer((&mut client, &mut peer), (&mut self.session, &mut self.dlcs), self.now);
        let index = self.dlcs.iter().position(Dlc::is_open).unwrap_or(SLOTS);
        let mut buffer = [0; 8];
        let len = self.dlcs.recv(index, &mut buffer);
        assert_eq!(buffer.get(..len), Some(&b"alive"[..]));
    }
}

/// Returns a message with a right length. Its address is most often that of an open DLC.
fn made(information: &[u8]) -> Option<Vec<u8>> {
    let (&[select, first], value) = information.split_first_chunk()?;
    let &(kind, len) = MESSAGES.get(usize::from(select & 7))?;
    let kind = if select & 0x08 == 0 { kind } else { kind & !2 };
    let address = match (kind, first & 7) {
        (0x81 | 0x83, _) => first & 3,
        (_, 7) => first,
        (_, low) => low << 2 | 3,
    };
    let length = u8::try_from(len).ok()? << 1 | 1;
    let value = [address].into_iter().chain(value.iter().copied()).chain([0; 8]).take(len);
    Some([kind, length].into_iter().chain(value).collect())
}

fn transfer(from: (&mut Session, &mut Dlcs), to: (&mut Session, &mut Dlcs), now: Instant) {
    let mut buffer = [0; MTU as usize];
    let mut w = Writer::new(&mut buffer);
    if from.0.poll_transmit(now, from.1, &mut w) {
        to.0.handle_frame(now, w.written(), to.1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_octets_are_a_frame_or_not(data in prop::collection::vec(any::<u8>(), 0..64)) {
            frame(&data);
        }

        #[test]
        fn any_operations_leave_a_host_that_works(data in prop::collection::vec(any::<u8>(), 0..400)) {
            operations(&data);
        }
    }
}
