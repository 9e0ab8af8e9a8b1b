//! The octets between host and controller.

use core::{
    convert::Infallible,
    future::poll_fn,
    task::{Poll, Waker},
};
use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use embedded_io_async::{ErrorType, Read, Write};

use crate::Controller;

/// A packet of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// An HCI command: opcode and parameters.
    Command(u16, Vec<u8>),
    /// An ACL packet.
    Acl(Acl),
}

/// One ACL packet of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Connection handle.
    pub handle: u16,
    /// Packet boundary and broadcast flags: 0 starts a PDU, 1 goes on with it.
    pub flags: u8,
    /// The data after the ACL header.
    pub data: Vec<u8>,
}

/// Returns an ACL packet of the controller that starts a PDU, in H4.
#[must_use]
pub fn acl(handle: u16, data: &[u8]) -> Vec<u8> {
    let mut packet = vec![2];
    packet.extend((handle | 0x2000).to_le_bytes());
    packet.extend((data.len() as u16).to_le_bytes());
    packet.extend(data);
    packet
}

/// Returns a basic L2CAP frame.
#[must_use]
pub fn l2cap(cid: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u16).to_le_bytes().to_vec();
    frame.extend(cid.to_le_bytes());
    frame.extend(payload);
    frame
}

/// Both ends of the line.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) controller: Controller,
    to_host: VecDeque<u8>,
    from_host: Vec<u8>,
    /// Maximum number of octets in one read or write.
    pub(crate) chunk: usize,
    /// Number of octets that the controller takes, if there is a limit.
    room: Option<usize>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Line {
    pub(crate) const fn new(controller: Controller) -> Self {
        Self {
            controller,
            to_host: VecDeque::new(),
            from_host: Vec::new(),
            chunk: usize::MAX,
            room: None,
            reader: None,
            writer: None,
        }
    }

    pub(crate) fn inject(&mut self, octets: &[u8]) {
        self.to_host.extend(octets);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    pub(crate) fn allow(&mut self, octets: Option<usize>) {
        self.room = octets;
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }

    /// Takes as many octets as there is room for.
    fn write(&mut self, octets: &[u8]) -> usize {
        let taken = octets.len().min(self.chunk).min(self.room.unwrap_or(usize::MAX));
        self.room = self.room.map(|room| room - taken);
        self.written(&octets[..taken]);
        taken
    }

    fn written(&mut self, octets: &[u8]) {
        self.from_host.extend(octets);
        while let Some((packet, len)) = first_packet(&self.from_host) {
            self.from_host.drain(..len);
            for answer in self.controller.handle(packet) {
                self.inject(&answer);
            }
        }
    }
}

/// Returns the first whole packet that the host wrote, and its length.
fn first_packet(octets: &[u8]) -> Option<(Sent, usize)> {
    match *octets {
        [1, a, b, len, ref rest @ ..] => {
            let parameters = rest.get(..len.into())?.to_vec();
            Some((Sent::Command(u16::from_le_bytes([a, b]), parameters), usize::from(len) + 4))
        }
        [2, a, b, low, high, ref rest @ ..] => {
            let len = usize::from(u16::from_le_bytes([low, high]));
            let data = rest.get(..len)?.to_vec();
            let handle = u16::from_le_bytes([a, b]);
            let acl = Acl { handle: handle & 0x0fff, flags: (handle >> 12) as u8, data };
            Some((Sent::Acl(acl), len + 5))
        }
        [] | [1 | 2, ..] => None,
        [kind, ..] => panic!("the host sent a packet of kind {kind}"),
    }
}

/// The host's end of the line.
#[derive(Clone, Debug)]
pub(crate) struct HostEnd(pub(crate) Rc<RefCell<Line>>);

impl ErrorType for HostEnd {
    type Error = Infallible;
}

impl Read for HostEnd {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|cx| {
            let mut line = self.0.borrow_mut();
            let n = buffer.len().min(line.to_host.len()).min(line.chunk);
            if n == 0 {
                line.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            for (to, from) in buffer.iter_mut().zip(line.to_host.drain(..n)) {
                *to = from;
            }
            Poll::Ready(Ok(n))
        })
        .await
    }
}

impl Write for HostEnd {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        poll_fn(|cx| {
            let mut line = self.0.borrow_mut();
            let taken = line.write(octets);
            if taken == 0 {
                line.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(taken))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
