//! One command and its answer, over a transport.

use core::future::poll_fn;

use bindrune_hci::{
    Opcode, Status,
    clock::Clock,
    event::EventCode,
    h4::{Deframer, Direction, Kind, PacketType, Piece},
};
use embassy_futures::{
    select::{Either, select},
    yield_now,
};
use embassy_time::Duration;
use embedded_io_async::{Read, Write};

use super::{BringUpError, HEADER};
use crate::aio::alarm::Alarm;

/// Octets of one read.
const CHUNK: usize = 64;
/// Octets of the longest command, with its H4 indicator.
const COMMAND: usize = 1 + HEADER + 255;
/// Octets of the longest event's parameters.
const EVENT: usize = 255;
/// Octets of Command Complete before the status. [Vol 4] Part E, 7.7.14
const BEFORE_STATUS: usize = 3;

/// How the controller answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Command Complete, with this number of octets after the status.
    Returned { status: Status, len: usize },
    /// Command Status.
    Status(Status),
    /// Command Complete without a status.
    Empty,
}

/// A transport, its unread input and its pending output.
#[derive(Debug)]
pub(super) struct Port<R, W> {
    pub(super) rx: R,
    pub(super) tx: W,
    output: [u8; COMMAND],
    /// `written..output_len` of the output is still to be written.
    output_len: usize,
    written: usize,
    input: [u8; CHUNK],
    /// `from..to` was read and is not parsed yet.
    from: usize,
    to: usize,
    deframer: Deframer,
    /// The event that is being received; `None` during another packet.
    code: Option<EventCode>,
    event: [u8; EVENT],
    event_len: usize,
    /// Whether the controller takes a command.
    ready: bool,
}

impl<R, W> Port<R, W> {
    pub(super) const fn new(rx: R, tx: W) -> Self {
        Self {
            rx,
            tx,
            output: [0; COMMAND],
            output_len: 0,
            written: 0,
            input: [0; CHUNK],
            from: 0,
            to: 0,
            deframer: Deframer::new(Direction::ToHost),
            code: None,
            event: [0; EVENT],
            event_len: 0,
            ready: true,
        }
    }

    /// Prepares a Reset: drops the input, awaits the answer to Reset, and keeps of the output only a command that has
    /// begun to leave.
    pub(super) fn finish(&mut self) {
        if self.written == 0 {
            self.output_len = 0;
        }
        (self.from, self.to, self.code, self.ready) = (0, 0, None, true);
        self.deframer.resync();
    }

    /// Number of octets after the status of the answer.
    pub(super) fn returned(&self, len: usize) -> &[u8] {
        let rest = self.return_parameters().get(1..).unwrap_or_default();
        rest.get(..len).unwrap_or_default()
    }

    /// Return parameters of the answer, beginning with the status.
    pub(super) fn return_parameters(&self) -> &[u8] {
        self.event.get(BEFORE_STATUS..self.event_len).unwrap_or_default()
    }
}

impl<R: Read, W: Write<Error = R::Error>> Port<R, W> {
    /// Sends a command and waits for its answer.
    pub(super) async fn exchange(
        &mut self,
        opcode: Opcode,
        parameters: &[u8],
        clock: &impl Clock,
        limit: Duration,
    ) -> Result<Answer, BringUpError<R::Error>> {
        let mut sent = false;
        let work = async {
            self.write().await?;
            while !self.ready {
                self.next_event().await?;
            }
            self.put(opcode, parameters);
            self.write().await?;
            sent = true;
            loop {
                if let Some(answer) = self.next_event().await?.filter(|(of, _)| *of == opcode) {
                    return Ok(answer.1);
                }
            }
        };
        match select(work, wait(clock, limit)).await {
            Either::First(result) => result,
            Either::Second(()) if sent => Err(BringUpError::NoAnswer(opcode)),
            Either::Second(()) => Err(BringUpError::NotSent(opcode)),
        }
    }

    fn put(&mut self, opcode: Opcode, parameters: &[u8]) {
        let [low, high] = opcode.0.to_le_bytes();
        let len = u8::try_from(parameters.len()).unwrap_or(u8::MAX);
        let header = [PacketType::COMMAND.0, low, high, len];
        let octets = header.iter().chain(parameters);
        self.output.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        self.output_len = header.len().saturating_add(len.into());
        self.written = 0;
    }

    async fn write(&mut self) -> Result<(), BringUpError<R::Error>> {
        while let Some(rest) = self.output.get(self.written..self.output_len)
            && !rest.is_empty()
        {
            match self.tx.write(rest).await.map_err(BringUpError::Transport)? {
                0 => return Err(BringUpError::Closed),
                n => self.written = self.written.saturating_add(n),
            }
        }
        self.tx.flush().await.map_err(BringUpError::Transport)
    }

    /// Returns the next event that is an answer: its command and its kind.
    async fn next_event(&mut self) -> Result<Option<(Opcode, Answer)>, BringUpError<R::Error>> {
        loop {
            let mut rest = self.input.get(self.from..self.to).unwrap_or_default();
            let before = rest.len();
            let piece = self.deframer.advance(&mut rest);
            let taken = before.saturating_sub(rest.len());
            self.from = self.from.saturating_add(taken);
            let is_whole = match piece.map_err(BringUpError::Framing)? {
                Some(Piece::Header(Kind::ResetComplete { num_packets })) => {
                    self.ready = num_packets > 0;
                    let answer = Answer::Returned { status: Status::SUCCESS, len: 0 };
                    return Ok(Some((Opcode::RESET, answer)));
                }
                Some(Piece::Header(kind)) => {
                    self.code = None;
                    if let Kind::Event { code, .. } = kind {
                        self.code = Some(code);
                    }
                    self.event_len = 0;
                    kind.is_empty()
                }
                Some(Piece::Body { octets, last }) => {
                    let place = self.event.get_mut(self.event_len..).unwrap_or_default();
                    place.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
                    self.event_len = self.event_len.saturating_add(octets.len());
                    last
                }
                None => {
                    (self.from, self.to) = (0, 0);
                    let read = self.rx.read(&mut self.input).await;
                    match read.map_err(BringUpError::Transport)? {
                        0 => return Err(BringUpError::Closed),
                        n => self.to = n,
                    }
                    // Noise that never ends must not keep the time limit from being looked at.
                    yield_now().await;
                    false
                }
            };
            if is_whole && let Some(code) = self.code.take() {
                return Ok(self.answer(code));
            }
        }
    }

    fn answer(&mut self, code: EventCode) -> Option<(Opcode, Answer)> {
        let parameters = self.event.get(..self.event_len).unwrap_or_default();
        match (code, parameters) {
            (EventCode::COMMAND_COMPLETE, [num_packets, low, high, returned @ ..]) => {
                self.ready = *num_packets > 0;
                let opcode = Opcode(u16::from_le_bytes([*low, *high]));
                let answer = match returned {
                    [status, rest @ ..] => {
                        Answer::Returned { status: Status(*status), len: rest.len() }
                    }
                    [] => Answer::Empty,
                };
                Some((opcode, answer))
            }
            (EventCode::COMMAND_STATUS, [status, num_packets, low, high]) => {
                self.ready = *num_packets > 0;
                let opcode = Opcode(u16::from_le_bytes([*low, *high]));
                Some((opcode, Answer::Status(Status(*status))))
            }
            _ => None,
        }
    }
}

/// Waits until this time has passed.
pub(super) async fn wait(clock: &impl Clock, time: Duration) {
    let mut alarm = Alarm::new();
    let mut deadline = None;
    poll_fn(|cx| {
        let now = clock.now();
        let at = *deadline.get_or_insert_with(|| now.saturating_add(time));
        alarm.poll(clock, now, at, cx)
    })
    .await;
}
