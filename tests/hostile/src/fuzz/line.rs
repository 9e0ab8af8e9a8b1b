//! The line between host and controller: slow, cut, or broken.

use core::{
    future::poll_fn,
    task::{Poll, Waker},
};
use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use embassy_futures::yield_now;
use embedded_io_async::{ErrorType, Read, Write};

use super::controller::Controller;

/// The transport failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the line is broken")
    }
}

impl core::error::Error for Broken {}

impl embedded_io_async::Error for Broken {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        embedded_io_async::ErrorKind::BrokenPipe
    }
}

/// Both ends of the line.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) controller: Controller,
    to_host: VecDeque<u8>,
    /// Length of the last read: until the next read the host may not have processed it.
    unseen: usize,
    from_host: Vec<u8>,
    /// Maximum number of octets in one read or write.
    pub(crate) chunk: usize,
    /// Number of octets that the controller takes, if there is a limit.
    room: Option<usize>,
    /// Whether the host's next write was made before it had read everything that it has read now.
    late: bool,
    /// How far the host had read when it made the write that is under way, or the last one.
    known: u64,
    broken: bool,
    /// Whether the line is broken and no call of the host has failed since.
    pub(crate) unnoticed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Line {
    pub(crate) const fn new(controller: Controller) -> Self {
        Self {
            controller,
            to_host: VecDeque::new(),
            unseen: 0,
            from_host: Vec::new(),
            chunk: usize::MAX,
            room: None,
            late: false,
            known: 0,
            broken: false,
            unnoticed: false,
            reader: None,
            writer: None,
        }
    }

    /// Returns whether the host has read and processed everything, and waits for more.
    pub(crate) fn is_read(&self) -> bool {
        self.to_host.is_empty() && self.controller.out.is_empty() && self.reader.is_some()
    }

    pub(crate) fn inject(&mut self, octets: &[u8]) {
        self.to_host.extend(octets);
        self.wake();
    }

    /// Sends the controller's packets.
    pub(crate) fn flush(&mut self) {
        let out = core::mem::take(&mut self.controller.out);
        if !out.is_empty() {
            self.inject(&out);
        }
    }

    pub(crate) fn allow(&mut self, octets: Option<usize>) {
        self.room = octets;
        self.wake();
    }

    pub(crate) fn set_broken(&mut self, broken: bool) {
        self.unnoticed |= broken && !self.broken;
        self.broken = broken;
        if broken {
            self.to_host.clear();
            self.from_host.clear();
        }
        self.wake();
    }

    fn wake(&mut self) {
        self.reader.take().into_iter().chain(self.writer.take()).for_each(Waker::wake);
    }

    /// Takes as many octets as there is room for.
    fn write(&mut self, octets: &[u8]) -> usize {
        let taken = octets.len().min(self.chunk).min(self.room.unwrap_or(usize::MAX));
        self.room = self.room.map(|room| room - taken);
        self.from_host.extend(&octets[..taken]);
        if !self.late {
            let unread = self.unseen + self.to_host.len() + self.controller.out.len();
            self.known = self.controller.judge.put_position().saturating_sub(unread as u64);
        }
        while let Some(len) = first_packet(&self.from_host) {
            let exact = self.is_read() && !self.late;
            let packet: Vec<_> = self.from_host.drain(..len).collect();
            self.controller.judge.has_read(self.known);
            self.controller.handle(&packet, exact, self.late);
        }
        self.flush();
        self.late = taken < octets.len();
        self.controller.silent |= self.room == Some(0);
        taken
    }
}

/// Returns the length of the first packet, if all of it has arrived.
fn first_packet(octets: &[u8]) -> Option<usize> {
    let len = match *octets {
        [1, _, _, len, ..] => usize::from(len) + 4,
        [2, _, _, low, high, ..] => usize::from(u16::from_le_bytes([low, high])) + 5,
        [] | [1 | 2, ..] => return None,
        [kind, ..] => panic!("the host sent a packet of kind {kind}"),
    };
    (octets.len() >= len).then_some(len)
}

/// The host's end of the line.
#[derive(Clone, Debug)]
pub(crate) struct HostEnd(pub(crate) Rc<RefCell<Line>>);

impl ErrorType for HostEnd {
    type Error = Broken;
}

impl Read for HostEnd {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        poll_fn(|cx| {
            let mut line = self.0.borrow_mut();
            if line.broken {
                line.unnoticed = false;
                return Poll::Ready(Err(Broken));
            }
            let n = buffer.len().min(line.to_host.len()).min(line.chunk);
            line.unseen = n;
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
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Broken> {
        poll_fn(|cx| {
            let mut line = self.0.borrow_mut();
            if line.broken {
                line.unnoticed = false;
                return Poll::Ready(Err(Broken));
            }
            let taken = line.write(octets);
            if taken == 0 {
                line.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(taken))
        })
        .await
    }

    /// Takes some time, in which the host receives more.
    async fn flush(&mut self) -> Result<(), Broken> {
        for _ in 0..3 {
            yield_now().await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use embassy_futures::{block_on, poll_once};

    use super::*;
    use crate::fuzz::config::Setup;

    /// What the host reads while the controller takes nothing is unknown to the write that waits, and known to the
    /// next.
    #[test]
    fn a_write_knows_what_was_read_before_it_alone() {
        let line = Rc::new(RefCell::new(Line::new(Controller::new(Setup::new(&[0; 8])))));
        let (mut tx, mut rx) = (HostEnd(line.clone()), HostEnd(line.clone()));
        line.borrow_mut().allow(Some(0));
        let stall = [1, 0x37, 0x0c, 4, 0x40, 0, 0, 1];
        let mut write = core::pin::pin!(tx.write(&stall));
        assert!(poll_once(write.as_mut()).is_pending());
        let sniff = [4, 0x14, 6, 0, 0x40, 0, 2, 0, 0x40];
        line.borrow_mut().controller.put(&sniff);
        line.borrow_mut().flush();
        assert_eq!(block_on(rx.read(&mut [0; 20])), Ok(sniff.len()));
        assert!(poll_once(rx.read(&mut [0; 20])).is_pending());
        line.borrow_mut().allow(None);
        assert_eq!(block_on(write), Ok(stall.len()));
        assert_eq!(line.borrow().controller.judge.position(), 0);
        assert_eq!(block_on(HostEnd(line.clone()).write(&stall)), Ok(stall.len()));
        assert!(line.borrow().controller.judge.position() >= sniff.len() as u64);
    }
}
