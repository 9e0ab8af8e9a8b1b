//! The order of futures that are served in the order in which they came.

/// Futures that wait for one thing, oldest first.
///
/// The oldest futures are listed by ticket. Without `std` the list is short, and the others are only counted. When the
/// list is empty, all are called: each shows its ticket when it is next polled, and the oldest form the next list. No
/// future is served meanwhile. So the order needs no memory for each future, and costs one more poll of each future for
/// every three that are served.
#[derive(Debug)]
pub(crate) struct Line {
    listed: Tickets,
    /// Futures that wait and are not listed.
    beyond: u16,
    /// Those of them that have not answered the last call yet.
    unanswered: u16,
    /// Number of the last call.
    call: u8,
}

/// The place of one future in a line.
#[derive(Debug)]
pub(crate) struct Order {
    ticket: u32,
    /// The last call that it answered, or that was before it came.
    call: u8,
}

impl Line {
    pub(crate) const EMPTY: Self =
        Self { listed: Tickets::EMPTY, beyond: 0, unanswered: 0, call: 0 };

    /// Returns whether no other future has waited longer.
    pub(crate) fn is_first(&self, order: Option<&Order>) -> bool {
        match (self.listed.first(), order) {
            (None, None) => self.beyond == 0,
            (Some(first), Some(order)) => self.unanswered == 0 && first == order.ticket,
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    /// Joins the end of the line, with a ticket that is younger than all before it.
    pub(crate) fn join(&mut self, ticket: u32) -> Order {
        if self.beyond > 0 || !self.listed.insert(ticket) {
            self.beyond = self.beyond.saturating_add(1);
        }
        Order { ticket, call: self.call }
    }

    /// Shows the ticket of a polled future. Returns whether all called futures have answered, so that the first is
    /// known.
    pub(crate) fn answer(&mut self, order: &mut Order) -> bool {
        if self.unanswered == 0 || order.call == self.call {
            return false;
        }
        order.call = self.call;
        self.unanswered = self.unanswered.saturating_sub(1);
        if self.listed.insert(order.ticket) {
            self.beyond = self.beyond.saturating_sub(1);
        }
        self.unanswered == 0
    }

    /// Leaves the line.
    pub(crate) fn leave(&mut self, order: &Order) {
        if !self.listed.remove(order.ticket) {
            self.beyond = self.beyond.saturating_sub(1);
            if order.call != self.call {
                self.unanswered = self.unanswered.saturating_sub(1);
            }
        }
        if self.listed.first().is_none() && self.beyond > 0 && self.unanswered == 0 {
            self.call = self.call.wrapping_add(1);
            self.unanswered = self.beyond;
        }
    }
}

impl Order {
    pub(super) const fn new(ticket: u32) -> Self {
        Self { ticket, call: 0 }
    }

    pub(super) const fn ticket(&self) -> u32 {
        self.ticket
    }
}

/// Returns whether `a` was issued before `b`.
pub(super) const fn is_older(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() < 0
}

#[cfg(feature = "std")]
use listed::Tickets;
#[cfg(feature = "std")]
mod listed {
    //! Tickets in order, in unlimited number.

    use std::vec::Vec;

    use super::is_older;

    #[derive(Debug)]
    pub(super) struct Tickets(Vec<u32>);

    impl Tickets {
        pub(super) const EMPTY: Self = Self(Vec::new());

        pub(super) fn first(&self) -> Option<u32> {
            self.0.first().copied()
        }

        /// Adds a ticket. Returns whether the number of listed tickets grew, which is always true here.
        pub(super) fn insert(&mut self, ticket: u32) -> bool {
            let at = self.0.partition_point(|&other| is_older(other, ticket));
            self.0.insert(at, ticket);
            true
        }

        pub(super) fn remove(&mut self, ticket: u32) -> bool {
            let at = self.0.iter().position(|&other| other == ticket);
            at.map(|at| self.0.remove(at)).is_some()
        }
    }
}

#[cfg(not(feature = "std"))]
use listed::Tickets;
#[cfg(not(feature = "std"))]
mod listed {
    //! The oldest tickets, in order.

    use bindrune_wire::first_behind;

    use super::is_older;

    /// Number of listed tickets.
    const LISTED: usize = 3;

    /// Sorted; 0 after the last one.
    #[derive(Debug)]
    pub(super) struct Tickets([u32; LISTED]);

    impl Tickets {
        pub(super) const EMPTY: Self = Self([0; LISTED]);

        pub(super) fn first(&self) -> Option<u32> {
            self.0.first().copied().filter(|&ticket| ticket != 0)
        }

        /// Adds a ticket. Returns whether the number of listed tickets grew; otherwise the youngest ticket, possibly
        /// this one, is not listed.
        pub(super) fn insert(&mut self, ticket: u32) -> bool {
            let mut youngest = ticket;
            for place in &mut self.0 {
                if *place == 0 {
                    *place = youngest;
                    return true;
                }
                if is_older(youngest, *place) {
                    core::mem::swap(place, &mut youngest);
                }
            }
            false
        }

        pub(super) fn remove(&mut self, ticket: u32) -> bool {
            let Some(at) = self.0.iter().position(|&other| other == ticket) else { return false };
            if let Some(behind) = self.0.get_mut(at..) {
                first_behind(behind);
                if let Some(last) = behind.last_mut() {
                    *last = 0;
                }
            }
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn the_oldest_is_served_next_however_many_wait_and_whichever_leave() {
        let (mut line, mut waiting) = (Line::EMPTY, Vec::<Order>::new());
        let (mut ticket, mut random) = (0, 1u32);
        for _ in 0..20_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (random >> 20) as usize;
            match (random >> 16) % 5 {
                0 | 1 if waiting.len() < 40 => {
                    ticket += 1;
                    waiting.push(line.join(ticket));
                }
                2 if !waiting.is_empty() => line.leave(&waiting.remove(at % waiting.len())),
                3 if !waiting.is_empty() => {
                    for order in &mut waiting {
                        line.answer(order);
                    }
                    let first: Vec<_> = waiting.iter().map(|o| line.is_first(Some(o))).collect();
                    assert!(first.iter().enumerate().all(|(at, &is)| is == (at == 0)), "{line:?}");
                    line.leave(&waiting.remove(0));
                }
                _ => {}
            }
            assert!(line.is_first(None) == waiting.is_empty(), "{line:?}");
        }
    }
}
