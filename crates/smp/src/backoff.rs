//! Repeated attempts: after each failure a peer waits twice as long. [Vol 3] Part H, 2.3.6

use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

const PEERS: usize = 8;
/// Seconds that a peer waits after its first failure, and at most.
const FIRST: u8 = 1;
const LONGEST: u8 = 64;
/// Time after its last failure in which a peer is remembered.
const QUIET: Duration = Duration::from_secs(2 * LONGEST as u64);
/// Time that one failure of a new peer costs all strangers together: they may fail this often for ever.
const COST: Duration = Duration::from_secs(4);
/// Debt of the strangers up to which nobody waits: four failures at once.
const CREDIT: Duration = Duration::from_secs(16);

/// How long each peer must wait before the next pairing, and strangers together.
///
/// It is shared by all links. A peer is known by its identity, or by its address where it has none yet. An attacker may change
/// its address at will, so peers that fail for the first time share a bound: four at once, then one in 4 s. The bound decays
/// while failures go on, and never applies to a bonded peer or to a pairing that the local user asked for.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    peers: [Option<Entry>; PEERS],
    /// When the failures of new peers are paid off.
    debt: Option<Instant>,
}

impl Backoff {
    /// Nobody waits.
    #[must_use]
    pub const fn new() -> Self {
        Self { peers: [None; PEERS], debt: None }
    }

    /// Until when a pairing with `peer` is refused; `None` if it may begin. `trusted` for a bonded peer, and for a pairing that the
    /// local user asked for: only the failures of `peer` itself count.
    #[must_use]
    pub fn until(&self, now: Instant, peer: Address, trusted: bool) -> Option<Instant> {
        let own = self.peers.iter().flatten().find(|entry| entry.peer == peer);
        let own = own.map(|entry| entry.until());
        let all = self.debt.and_then(|debt| debt.checked_sub(CREDIT)).filter(|_| !trusted);
        own.into_iter().chain(all).max().filter(|&until| now < until)
    }

    /// A pairing with `peer` failed.
    pub fn failed(&mut self, now: Instant, peer: Address) {
        let known = |entry: &Entry| entry.peer == peer && !entry.is_over(now);
        if !self.peers.iter().flatten().any(known) {
            self.debt = self.debt.unwrap_or(now).max(now).checked_add(COST);
        }
        self.entry(now, peer).lengthen(now);
    }

    /// A pairing with `peer` succeeded: it no longer waits.
    pub fn succeeded(&mut self, peer: Address) {
        for slot in &mut self.peers {
            if slot.is_some_and(|entry| entry.peer == peer) {
                *slot = None;
            }
        }
    }

    /// The peer's entry, or a new one that replaces the one with the shortest wait: peers that failed often are remembered.
    fn entry(&mut self, now: Instant, peer: Address) -> &mut Entry {
        let rank = |slot: &Option<Entry>| match slot {
            Some(entry) if entry.peer == peer => None,
            Some(entry) if !entry.is_over(now) => Some((entry.wait, entry.seen)),
            Some(_) | None => Some((0, Instant::MIN)),
        };
        let [first, rest @ ..] = &mut self.peers;
        let slot = rest.iter_mut().fold(
            first,
            |best, slot| {
                if rank(slot) < rank(best) { slot } else { best }
            },
        );
        if slot.is_none_or(|entry| entry.peer != peer) {
            *slot = None;
        }
        slot.get_or_insert(Entry { peer, wait: 0, seen: now })
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    peer: Address,
    /// Seconds that the peer has to wait after its last failure.
    wait: u8,
    /// When it failed last.
    seen: Instant,
}

impl Entry {
    fn until(&self) -> Instant {
        self.seen.saturating_add(Duration::from_secs(self.wait.into()))
    }

    /// Doubles the wait; it starts over after a long time without failure.
    fn lengthen(&mut self, now: Instant) {
        let before = if self.is_over(now) { 0 } else { self.wait };
        self.wait = before.saturating_mul(2).clamp(FIRST, LONGEST);
        self.seen = now;
    }

    fn is_over(&self, now: Instant) -> bool {
        self.seen.checked_add(QUIET).is_none_or(|end| now >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn peer(n: u8) -> Address {
        Address::random([0xc0, 0, 0, 0, 0, n])
    }

    const fn at(s: u64) -> Instant {
        Instant::from_secs(s)
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_64_seconds() {
        let mut backoff = Backoff::new();
        let mut now = at(0);
        for wait in [1, 2, 4, 8, 16, 32, 64, 64] {
            assert_eq!(backoff.until(now, peer(1), true), None);
            backoff.failed(now, peer(1));
            now += Duration::from_secs(wait);
            assert!(
                backoff.until(now - Duration::from_ticks(1), peer(1), true).is_some(),
                "{wait}"
            );
        }
        backoff.succeeded(peer(1));
        assert_eq!(backoff.until(now, peer(1), false), None);
    }

    #[test]
    fn changing_the_address_does_not_help() {
        let mut backoff = Backoff::new();
        for n in 0..5 {
            assert_eq!(backoff.until(at(0), peer(n), false), None);
            backoff.failed(at(0), peer(n));
        }
        assert_eq!(backoff.until(at(0), peer(99), false), Some(at(4)));
        backoff.failed(at(4), peer(99));
        assert_eq!(backoff.until(at(4), peer(100), false), Some(at(8)));
        assert_eq!(backoff.until(at(8), peer(100), false), None);
    }

    #[test]
    fn failures_of_one_peer_make_no_other_wait() {
        let mut backoff = Backoff::new();
        for n in 0..20 {
            backoff.failed(at(65 * n), peer(1));
        }
        assert_eq!(backoff.until(at(65 * 19), peer(2), false), None);
    }

    #[test]
    fn strangers_that_fail_again_and_again_lock_no_other_out() {
        let mut backoff = Backoff::new();
        for n in 0..200u8 {
            backoff.failed(at(5 * u64::from(n)), peer(n));
            assert_eq!(backoff.until(at(5 * u64::from(n)), Address::public([9; 6]), false), None);
        }
    }

    #[test]
    fn a_bonded_peer_does_not_wait_for_strangers() {
        let mut backoff = Backoff::new();
        (0..50).for_each(|n| backoff.failed(at(0), peer(n)));
        assert!(backoff.until(at(0), peer(99), false).is_some());
        assert_eq!(backoff.until(at(0), peer(99), true), None);
    }

    #[test]
    fn a_peer_that_failed_often_is_not_forgotten_for_others() {
        let mut backoff = Backoff::new();
        (0..3).for_each(|_| backoff.failed(at(0), peer(0)));
        (1..100).for_each(|n| backoff.failed(at(1), peer(n)));
        assert_eq!(backoff.until(at(1), peer(0), true), Some(at(4)));
        assert_eq!(backoff.peers.iter().flatten().count(), PEERS);
        // Long after, it is.
        (100..120).for_each(|n| backoff.failed(at(500), peer(n)));
        assert_eq!(backoff.until(at(500), peer(0), true), None);
    }
}
