//! What lies behind the host's lock: the stack, the waiting futures, and what `run` leaves behind when it is dropped.

use bindrune_hci::Status;
use embassy_time::Instant;

use crate::{
    Config, ConfigError,
    aio::Receiving,
    stack::{Stack, Transmit},
    waiters::{Batch, Waiters},
};

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) stack: Stack,
    pub(crate) waiters: Waiters,
    /// The receiving state; `None` while `run` has it.
    pub(crate) receiving: Option<Receiving>,
    /// A packet that a dropped run had written in part, and how much of it.
    pub(crate) half: Option<(Transmit, usize)>,
    running: bool,
}

impl Core {
    pub(crate) const fn new(stack: Stack, waiters: Waiters, receiving: Receiving) -> Self {
        Self { stack, waiters, receiving: Some(receiving), half: None, running: false }
    }

    /// Takes the next wakers of what became ready; true when there may be more.
    pub(crate) fn take_ready(&mut self, batch: &mut Batch) -> bool {
        self.waiters.take_ready(&mut self.stack.ready, batch)
    }

    /// `run` begins; false where another one runs.
    pub(crate) fn start(&mut self, now: Instant) -> bool {
        if self.running {
            return false;
        }
        self.running = true;
        self.stack.start(now);
        true
    }

    /// `run` ends or was dropped: nobody drives the links any longer.
    pub(crate) fn stop(&mut self) {
        self.running = false;
        self.stack.stop(Status::LOCAL_HOST_TERMINATED);
    }

    /// The transport is gone: what was half written will never be finished.
    pub(crate) fn transport_failed(&mut self) {
        if let Some((transmit, _)) = self.half.take() {
            self.stack.transmitted(transmit);
        }
    }

    /// Keeps what a dropped run had written in part; what was not begun goes back.
    pub(crate) fn keep_half(&mut self, (transmit, written): (Transmit, usize)) {
        if written == 0 || written >= transmit.octets().len() {
            self.stack.transmitted(transmit);
        } else {
            self.half = Some((transmit, written));
        }
    }
}

impl Core {
    /// Makes the host as new.
    pub(crate) fn reset(&mut self, config: Config) -> Result<(), ConfigError> {
        self.transport_failed();
        self.waiters.reset();
        self.stack.reset(config)?;
        self.running = false;
        if let Some(receiving) = &mut self.receiving
            && let Some(landing) = receiving.resync()
        {
            self.stack.abandon_acl(landing);
        }
        Ok(())
    }
}
