use super::Transfer;
use super::agreed::Outcome;
use super::control::{Control, Seq};
use super::receive::Verdict;

impl Transfer<'_> {
    /// Acts on a valid frame in Streaming mode: a missing or bad one costs only its SDU. [Vol 3] Part A, 8.7
    pub(super) fn end_streaming(
        &mut self,
        control: Control,
        verdict: Verdict,
        sdu: u16,
    ) -> Outcome {
        let Control::Information { tx, sar, .. } = control else { return Outcome::Discarded };
        if self.is_repeated(tx) {
            self.drops.duplicate.count();
            return Outcome::Discarded;
        }
        self.drops.missing.add(tx.since(self.state.expected));
        self.state.expected = tx.next();
        self.state.is_started = true;
        match verdict {
            Verdict::Store { .. } => {
                if self.keep(sar, sdu) {
                    return Outcome::Changed { readable: true, acknowledged: false };
                }
                return Outcome::Nothing;
            }
            Verdict::NoRoom => self.drops.no_room.count(),
            Verdict::Bad(_) => {
                self.drops.out_of_sequence.count();
                self.drop_partial();
            }
            Verdict::Pending | Verdict::Skip | Verdict::Invalid => {}
        }
        Outcome::Discarded
    }

    /// Returns whether the frame has the number of the last one: it is the same, and not one behind 63 lost frames.
    pub(super) fn is_repeated(&self, tx: Seq) -> bool {
        tx.next() == self.state.expected && self.state.is_started
    }

    /// Discards an SDU of which a part is missing.
    pub(super) fn drop_partial(&mut self) {
        if self.partial.take().is_some() {
            self.rx.abort();
            self.drops.incomplete.count();
        }
    }
}
