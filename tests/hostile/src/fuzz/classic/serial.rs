//! RFCOMM of a peer: its session, and one connection in each direction.

use std::cell::RefCell;

use bindrune_rfcomm::{BitRate, Dlc, Dlcs, LineStatus, PortSettings, Role, Session, SessionId};
use bindrune_wire::{Writer, time::Instant};

use super::{SERIAL, signs::Count};

const SLOTS: usize = 2;

thread_local! {
    static SPARE: RefCell<Vec<Dlcs>> = const { RefCell::new(Vec::new()) };
}

/// RFCOMM of a peer on one link.
pub(super) struct Serial {
    dlcs: Option<Dlcs>,
    session: Option<Session>,
    channel: Option<usize>,
    is_own: bool,
    sent: [Count; SLOTS],
    received: [Count; SLOTS],
}

impl Serial {
    pub(super) fn new() -> Self {
        let memory = || Box::leak(vec![0; 200].into_boxed_slice());
        let dlcs = SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| {
            let slots: Vec<_> = (0..SLOTS).map(|_| Dlc::new(memory(), memory())).collect();
            Dlcs::new(slots.leak(), SLOTS)
        });
        Self {
            dlcs: Some(dlcs),
            session: None,
            channel: None,
            is_own: false,
            sent: [Count::default(); SLOTS],
            received: [Count::default(); SLOTS],
        }
    }

    pub(super) const fn channel(&self) -> Option<usize> {
        self.channel
    }

    /// Records that the peer requested the channel.
    pub(super) const fn requested(&mut self, channel: usize) {
        (self.channel, self.is_own) = (Some(channel), true);
    }

    /// Begins a session on a channel that has opened.
    pub(super) fn opened(&mut self, now: Instant, channel: usize) {
        let own = self.is_own && self.channel == Some(channel);
        if self.channel.is_some() && !own {
            return;
        }
        let role = if own { Role::Initiator } else { Role::Responder };
        self.channel = Some(channel);
        self.session = Some(Session::new(now, SessionId(0), role, 400));
        let dlcs = self.dlcs.as_mut().unwrap();
        dlcs.listen(SERIAL, true);
    }

    pub(super) fn closed(&mut self, channel: usize) {
        if self.channel == Some(channel) {
            if let Some(mut session) = self.session.take() {
                session.channel_lost(self.dlcs.as_mut().unwrap());
            }
            (self.channel, self.is_own) = (None, false);
        }
    }

    pub(super) fn handle(&mut self, now: Instant, frame: &[u8]) {
        let (Some(session), Some(dlcs)) = (&mut self.session, &mut self.dlcs) else { return };
        session.handle_frame(now, frame, dlcs);
        while let Some((index, _)) = dlcs.poll_change() {
            if dlcs.get(index).is_some_and(|dlc| dlc.end_reason().is_some()) {
                dlcs.release(now, index);
            }
        }
        if let Some(index) = dlcs.requested(SERIAL) {
            dlcs.accept(now, index);
            (self.sent[index], self.received[index]) = (Count::default(), Count::default());
        }
        for index in 0..SLOTS {
            let mut buffer = [0; 200];
            let len = dlcs.recv(index, &mut buffer);
            self.received[index].arrived(&buffer[..len]);
        }
    }

    pub(super) fn transmit(&mut self, now: Instant) -> Option<Vec<u8>> {
        let mut buffer = [0; 400];
        let mut w = Writer::new(&mut buffer);
        let session = self.session.as_mut()?;
        session.poll_transmit(now, self.dlcs.as_mut()?, &mut w).then(|| w.written().to_vec())
    }

    pub(super) fn time(&mut self, now: Instant) {
        if let (Some(session), Some(dlcs)) = (&mut self.session, &mut self.dlcs) {
            session.handle_timeout(now, dlcs);
        }
    }

    /// Opens, sends, closes.
    pub(super) fn act(&mut self, now: Instant, what: u8, len: u8) {
        let (Some(session), Some(dlcs)) = (&mut self.session, &mut self.dlcs) else { return };
        let index = usize::from(len & 1);
        match what % 13 {
            0 | 1 => {
                if let Ok(index) = session.open(now, dlcs, SERIAL) {
                    (self.sent[index], self.received[index]) = (Count::default(), Count::default());
                }
            }
            2..6 => {
                if dlcs.get(index).is_some_and(Dlc::is_open) {
                    let mut count = self.sent[index];
                    let bytes = count.next(len.into());
                    let taken = dlcs.send(index, &bytes);
                    self.sent[index].next(taken);
                }
            }
            6 => dlcs.close(now, index),
            8..10 => {
                let _busy = dlcs.report_line(index, LineStatus::ERROR);
            }
            10..13 => {
                let rate = [BitRate::B9600, BitRate::B38400][usize::from(len >> 1 & 1)];
                let settings = (len & 4 == 0).then(|| PortSettings::default().with_rate(rate));
                let _busy = dlcs.set_port(index, settings);
            }
            _ => session.close(now, dlcs),
        }
    }
}

impl Drop for Serial {
    fn drop(&mut self) {
        let Some(mut dlcs) = self.dlcs.take() else { return };
        dlcs.reset();
        if !std::thread::panicking() {
            SPARE.with_borrow_mut(|spare| spare.push(dlcs));
        }
    }
}
