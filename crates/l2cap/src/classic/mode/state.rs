use bindrune_wire::time::Instant;

use super::control::Seq;
use super::segment::Place;

/// Variables of Enhanced Retransmission mode; Streaming mode uses the sequence numbers. [Vol 3] Part A, 8.6.5.3
#[derive(Debug)]
pub(super) struct State {
    /// NextTxSeq: the number of the next new I-frame.
    pub(super) next_tx: Seq,
    /// ExpectedAckSeq: the first frame that the peer did not acknowledge, and where it begins.
    pub(super) acked: Seq,
    pub(super) acked_at: Place,
    /// The frames that must be sent again; a bit for each number.
    pub(super) again: u64,
    /// Transmissions of each frame.
    pub(super) tries: [u8; 64],
    pub(super) remote_busy: bool,
    /// WAIT_F: a poll is pending, or sent and not answered.
    pub(super) waiting: bool,
    /// RetryCount: number of polls.
    pub(super) polls: u8,
    /// The peer must answer another poll: an answer to the last one does not show that it knows of our room.
    pub(super) poll_again: bool,
    pub(super) rej_actioned: bool,
    pub(super) srej_actioned: Option<Seq>,
    /// Deadline of the retransmission timer, or of the monitor timer if `waiting`.
    pub(super) deadline: Option<Instant>,

    /// ExpectedTxSeq: the number of the next I-frame of the peer.
    pub(super) expected: Seq,
    /// Whether a frame was received in Streaming mode.
    pub(super) is_started: bool,
    /// The last acknowledgement that we sent.
    pub(super) reported: Seq,
    /// REJ_SENT: until the expected frame arrives, we do not reject again.
    pub(super) rejected: bool,
    /// LocalBusy, RNRsent: the peer must not send until we have polled it.
    pub(super) rnr_sent: bool,
    /// The expected frame arrived, and was discarded because there was no room.
    pub(super) ignored: bool,
    /// When a frame must be acknowledged at the latest.
    pub(super) ack_deadline: Option<Instant>,

    pub(super) due: Due,
}

/// The S-frames that must be sent.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// A response to the peer's poll.
    pub(super) answer: bool,
    pub(super) rnr: bool,
    pub(super) reject: bool,
    pub(super) poll: bool,
    pub(super) ack: bool,
}

impl Due {
    const NONE: Self = Self { answer: false, rnr: false, reject: false, poll: false, ack: false };

    pub(super) const fn any(&self) -> bool {
        self.answer || self.rnr || self.reject || self.poll || self.ack
    }
}

impl State {
    pub(super) const fn new(acked_at: Place) -> Self {
        Self {
            next_tx: Seq::ZERO,
            acked: Seq::ZERO,
            acked_at,
            again: 0,
            tries: [0; 64],
            remote_busy: false,
            waiting: false,
            polls: 0,
            poll_again: false,
            rej_actioned: false,
            srej_actioned: None,
            deadline: None,
            expected: Seq::ZERO,
            is_started: false,
            reported: Seq::ZERO,
            rejected: false,
            rnr_sent: false,
            ignored: false,
            ack_deadline: None,
            due: Due::NONE,
        }
    }

    /// Returns the number of our frames that the peer did not acknowledge.
    pub(super) const fn unacked(&self) -> u8 {
        self.next_tx.since(self.acked)
    }

    /// Returns whether we said, or are about to say, that there is no room.
    pub(super) const fn is_busy(&self) -> bool {
        self.rnr_sent || self.due.rnr
    }

    /// Begins to poll the peer.
    pub(super) const fn poll(&mut self) {
        self.waiting = true;
        self.polls = 1;
        self.due.poll = true;
        self.deadline = None;
    }
}
