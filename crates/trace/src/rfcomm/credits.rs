//! Credit-based flow control of a DLC. [RFCOMM 1.2] 6.5

use bindrune_hci::h4::Direction;
use bindrune_rfcomm::{Frame, FrameType, Parameters};

use crate::{
    entry::Entry,
    question::{Both, other},
};

/// Convergence layer of a request for credits, and of the response that accepts it. [RFCOMM 1.2] 5.5.3
const REQUESTED: u8 = 0xf;
const ACCEPTED: u8 = 0xe;

/// Credits of the two ends of a DLC.
#[derive(Debug, Default)]
pub(super) struct Credits {
    /// The end that requested credits, with those that it grants.
    requested: Option<(Direction, u8)>,
    /// Frames that each end may send, once both agreed on credits.
    left: Option<Both<u32>>,
    is_open: bool,
}

impl Credits {
    /// Notes a Parameter Negotiation. On an open DLC it changes no credits.
    pub(super) fn negotiate(&mut self, sender: Direction, is_command: bool, p: Parameters) {
        if self.is_open {
            return;
        }
        if is_command {
            self.left = None;
            self.requested = (p.convergence == REQUESTED).then_some((sender, p.credits));
            return;
        }
        let accepts = matches!(p.convergence, ACCEPTED | REQUESTED);
        let Some((asker, credits)) = self.requested.take().filter(|_| accepts) else { return };
        if asker != sender {
            let mut left = Both::default();
            (*left.of(sender), *left.of(asker)) = (credits.into(), p.credits.into());
            self.left = Some(left);
        }
    }

    /// Notes that the DLC is open.
    pub(super) const fn open(&mut self) {
        self.is_open = true;
    }

    /// Takes a credit for the data of a frame, and adds those that it grants. [RFCOMM 1.2] 6.5.2
    pub(super) fn count(&mut self, entry: &mut Entry, frame: Frame<'_>) {
        let Some(left) = self.left.as_mut().filter(|_| frame.kind == FrameType::UIH) else {
            return;
        };
        let granted = left.of(other(entry.direction));
        *granted = granted.saturating_add(frame.credits.unwrap_or_default().into());
        let own = left.of(entry.direction);
        if !frame.information.is_empty() {
            match own.checked_sub(1) {
                Some(rest) => *own = rest,
                None => entry.violate("RFCOMM 1.2, 6.5.2", "the sender has no credit left"),
            }
        }
        entry.put("credits_left", *own);
    }
}
