//! Sessions against each other, and against frames of a peer.

use std::{vec, vec::Vec};

use bindrune_wire::{Interest, Writer};

use super::*;
use crate::{
    Break, Changes, Dlc, Drops, Frame, FrameType, LineStatus, Message, ModemStatus, Parameters,
    PortSettings, Violation,
};

mod carry;
mod close;
mod commands;
mod flow;
mod hostile;
mod open;
mod timeouts;

/// The MTU of both directions.
const MTU: u16 = 672;

/// One end of an L2CAP channel, with its DLCs.
struct End {
    session: Session,
    dlcs: Dlcs,
    now: Instant,
}

fn new_dlcs(slots: usize, rx: usize, tx: usize) -> Dlcs {
    let make = |_| Dlc::new(vec![0; rx].leak(), vec![0; tx].leak());
    Dlcs::new((0..slots).map(make).collect::<Vec<_>>().leak(), slots)
}

impl End {
    fn new(role: Role, dlcs: Dlcs) -> Self {
        let now = Instant::from_secs(1000);
        Self { session: Session::new(now, SessionId(7), role, MTU), dlcs, now }
    }

    /// Returns the next frame, and checks that the interest announced it.
    fn transmit(&mut self) -> Option<Vec<u8>> {
        let interest = self.session.interest(&self.dlcs);
        let mut buffer = [0; MTU as usize];
        let mut w = Writer::new(&mut buffer);
        let written = self.session.poll_transmit(self.now, &mut self.dlcs, &mut w);
        assert_eq!(written, interest != Interest::None, "{interest:?}");
        assert_eq!(written, !w.is_empty());
        written.then(|| w.written().to_vec())
    }

    /// Returns all frames that are pending.
    fn flush(&mut self) -> Vec<Vec<u8>> {
        let frames: Vec<_> = core::iter::from_fn(|| self.transmit()).take(1000).collect();
        assert!(frames.len() < 1000, "the number of pending frames is bounded");
        frames
    }

    fn receive(&mut self, frame: &[u8]) {
        self.session.handle_frame(self.now, frame, &mut self.dlcs);
    }

    /// Receives a frame and returns the answers.
    fn answers(&mut self, frame: &[u8]) -> Vec<Vec<u8>> {
        self.receive(frame);
        self.flush()
    }

    fn dlc(&self, index: usize) -> &Dlc {
        self.dlcs.get(index).unwrap()
    }

    fn state(&self, index: usize) -> State {
        self.dlc(index).state()
    }

    fn open(&mut self, channel: u8) -> usize {
        self.session.open(self.now, &mut self.dlcs, channel).unwrap()
    }

    fn accept(&mut self, index: usize) {
        assert!(self.dlcs.accept(self.now, index));
    }

    fn close(&mut self, index: usize) {
        self.dlcs.close(self.now, index);
    }

    fn send(&mut self, index: usize, bytes: &[u8]) {
        assert_eq!(self.dlcs.send(index, bytes), bytes.len());
    }

    fn recv(&mut self, index: usize) -> Vec<u8> {
        let mut buffer = [0; 4096];
        let len = self.dlcs.recv(index, &mut buffer);
        buffer[..len].to_vec()
    }

    /// Lets `seconds` pass, and does what is due at each deadline.
    fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(at) = self.session.poll_timeout(self.now, &self.dlcs).filter(|&at| at <= end)
        {
            self.now = self.now.max(at);
            self.session.handle_timeout(self.now, &mut self.dlcs);
            assert!(
                self.session.poll_timeout(self.now, &self.dlcs) != Some(at),
                "a deadline passes once"
            );
        }
        self.now = end;
    }

    fn drops(&self) -> Drops {
        self.dlcs.drops()
    }

    fn changes(&mut self) -> Vec<(usize, Changes)> {
        core::iter::from_fn(|| self.dlcs.poll_change()).collect()
    }
}

/// Two ends of one channel: the initiator, and the responder with a listener on server channels 1 to 3.
struct Pair {
    a: End,
    b: End,
}

impl Pair {
    fn new(a: Dlcs, b: Dlcs) -> Self {
        let mut pair = Self { a: End::new(Role::Initiator, a), b: End::new(Role::Responder, b) };
        for channel in 1..=3 {
            assert!(pair.b.dlcs.listen(channel, true) && pair.a.dlcs.listen(channel, true));
        }
        pair
    }

    /// Moves frames until both ends are silent. Accepts what is requested.
    fn run(&mut self) {
        for _ in 0..10_000 {
            let mut moved = false;
            if let Some(frame) = self.a.transmit() {
                self.b.receive(&frame);
                moved = true;
            }
            if let Some(frame) = self.b.transmit() {
                self.a.receive(&frame);
                moved = true;
            }
            for end in [&mut self.a, &mut self.b] {
                for channel in 1..=3 {
                    if let Some(index) = end.dlcs.requested(channel) {
                        end.accept(index);
                        moved = true;
                    }
                }
            }
            if !moved {
                return;
            }
        }
        panic!("the frames do not end");
    }

    /// Opens a DLC from the initiator to `channel`, and returns both slots.
    fn open(&mut self, channel: u8) -> (usize, usize) {
        let a = self.a.open(channel);
        self.run();
        assert_eq!(self.a.state(a), State::Open);
        let dlci = self.a.dlc(a).dlci();
        let b = self.b.dlcs.find(SessionId(7), dlci).unwrap();
        assert_eq!(self.b.state(b), State::Open);
        (a, b)
    }

    fn assert_no_drops(&self) {
        for end in [&self.a, &self.b] {
            assert_eq!(end.drops(), Drops::default());
        }
    }
}

fn pair() -> Pair {
    Pair::new(new_dlcs(4, 2048, 2048), new_dlcs(4, 2048, 2048))
}

/// Returns a frame.
fn frame(dlci: u8, command_response: bool, kind: FrameType, information: &[u8]) -> Vec<u8> {
    let poll_final = kind != FrameType::UIH;
    credit_frame(dlci, command_response, kind, poll_final, None, information)
}

fn credit_frame(
    dlci: u8,
    command_response: bool,
    kind: FrameType,
    poll_final: bool,
    credits: Option<u8>,
    information: &[u8],
) -> Vec<u8> {
    let mut buffer = [0; 2000];
    let mut w = Writer::new(&mut buffer);
    let dlci = Dlci(dlci);
    Frame { dlci, command_response, kind, poll_final, credits, information }.write(&mut w).unwrap();
    w.written().to_vec()
}

/// Returns a command of the initiator, as a whole frame.
fn sabm(dlci: u8) -> Vec<u8> {
    frame(dlci, true, FrameType::SABM, &[])
}

fn disc(dlci: u8) -> Vec<u8> {
    frame(dlci, true, FrameType::DISC, &[])
}

/// Returns UA of the responder.
fn ua(dlci: u8) -> Vec<u8> {
    frame(dlci, true, FrameType::UA, &[])
}

/// Returns DM of the responder.
fn dm(dlci: u8) -> Vec<u8> {
    frame(dlci, true, FrameType::DM, &[])
}

/// Returns UIH of the initiator.
fn uih(dlci: u8, data: &[u8]) -> Vec<u8> {
    frame(dlci, true, FrameType::UIH, data)
}

fn octets(message: &Message<'_>, is_command: bool) -> Vec<u8> {
    let mut buffer = [0; 200];
    let mut w = Writer::new(&mut buffer);
    message.write(is_command, &mut w).unwrap();
    w.written().to_vec()
}

/// Returns a message of the initiator.
fn message(message: &Message<'_>, is_command: bool) -> Vec<u8> {
    uih(0, &octets(message, is_command))
}

/// Returns a message of the responder.
fn reply(message: &Message<'_>, is_command: bool) -> Vec<u8> {
    frame(0, false, FrameType::UIH, &octets(message, is_command))
}

const fn pn(dlci: u8, convergence: u8, frame_size: u16, credits: u8) -> Message<'static> {
    let dlci = Dlci(dlci);
    let priority = 7;
    Message::Parameters(Parameters {
        dlci,
        frame_type: 0,
        convergence,
        priority,
        frame_size,
        credits,
    })
}

const fn msc(dlci: u8) -> Message<'static> {
    Message::Modem(Dlci(dlci), ModemStatus::READY, None)
}
