//! Repeated attempts: the wait of a peer doubles after each failure. [Vol 3] Part H, 2.3.6

use bindrune_wire::{Address, time::Instant};
use embassy_time::Duration;

const PEERS: usize = 8;
/// Wait of a peer in seconds: after its first failure, and the maximum.
const FIRST: u8 = 1;
const LONGEST: u8 = 64;
/// How long a peer is remembered after its last failure.
const QUIET: Duration = Duration::from_secs(2 * LONGEST as u64);
/// Time that each first failure of an unknown peer adds to the debt of all unknown peers: they may fail once in this
/// time without a wait.
const COST: Duration = Duration::from_secs(4);
/// Debt of the unknown peers below which no peer waits: four failures at once.
const CREDIT: Duration = Duration::from_secs(16);
/// The largest debt of the unknown peers.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// The waits before the next pairing: one for each peer, and one for all unknown peers together.
///
/// All links share it. A peer is identified by its identity address, or by its current address if it has no identity
/// yet. An attacker may change its address at will, so all peers that fail for the first time share one limit: four
/// failures at once, then one in 4 s. The limit relaxes over time, and never applies to a bonded peer or to a pairing
/// that the local user requested.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    peers: [Option<Entry>; PEERS],
    /// Time at which the failures of unknown peers are paid off.
    debt: Option<Instant>,
}

impl Backoff {
    /// The longest wait of a peer.
    pub const LONGEST: Duration = LIMIT;

    /// Creates it without any wait.
    #[must_use]
    pub const fn new() -> Self {
        Self { peers: [None; PEERS], debt: None }
    }

    /// Returns the time until which a pairing with `peer` is refused; `None` if it may begin. `trusted` is for a bonded
    /// peer, and for a pairing that the local user requested: then only the failures of `peer` itself count.
    #[must_use]
    pub fn until(&self, now: Instant, peer: Address, trusted: bool) -> Option<Instant> {
        let known = |entry: &&Entry| entry.peer == peer && !entry.is_over(now);
        let own = self.peers.iter().flatten().find(known).map(Entry::until);
        let all = self.debt(now).filter(|_| !trusted).map(|debt| debt - CREDIT);
        own.into_iter().chain(all).max().filter(|&until| now < until)
    }

    fn debt(&self, now: Instant) -> Option<Instant> {
        self.debt.filter(|debt| debt.is_ahead(now, LIMIT))
    }

    /// Records that a pairing with `peer` failed.
    pub fn failed(&mut self, now: Instant, peer: Address) {
        let rank = |slot: &Option<Entry>| {
            slot.filter(|entry| !entry.is_over(now)).map(|entry| (entry.wait, entry.seen))
        };
        // If the peer has no entry, a new one replaces the one with the shortest wait, so that peers that failed often
        // are remembered.
        let [first, others @ ..] = &mut self.peers;
        let mut chosen = first;
        for slot in others {
            let is_own = |slot: &Option<Entry>| slot.is_some_and(|entry| entry.peer == peer);
            if !is_own(chosen) && (is_own(slot) || rank(slot) < rank(chosen)) {
                chosen = slot;
            }
        }
        let own = chosen.filter(|entry| entry.peer == peer && !entry.is_over(now));
        let before = own.map(|entry| entry.wait);
        let wait = before.unwrap_or(0).saturating_mul(2).clamp(FIRST, LONGEST);
        *chosen = Some(Entry { peer, wait, seen: now });
        if before.is_none() {
            let debt = self.debt(now).unwrap_or(now) + COST;
            self.debt = Some(debt.min(now + LIMIT));
        }
    }

    /// Records that a pairing with `peer` succeeded: the peer no longer waits.
    pub fn succeeded(&mut self, peer: Address) {
        for slot in &mut self.peers {
            if slot.is_some_and(|entry| entry.peer == peer) {
                *slot = None;
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    peer: Address,
    /// Wait of the peer after its last failure in seconds.
    wait: u8,
    /// Time of its last failure.
    seen: Instant,
}

impl Entry {
    fn until(&self) -> Instant {
        self.seen + Duration::from_secs(self.wait.into())
    }

    fn is_over(&self, now: Instant) -> bool {
        now.since(self.seen) >= QUIET
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
    fn failures_of_one_peer_do_not_delay_others() {
        let mut backoff = Backoff::new();
        for n in 0..20 {
            backoff.failed(at(65 * n), peer(1));
        }
        assert_eq!(backoff.until(at(65 * 19), peer(2), false), None);
    }

    #[test]
    fn repeated_failures_of_unknown_peers_lock_no_other_peer_out() {
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
        // After a long time, it is forgotten.
        (100..120).for_each(|n| backoff.failed(at(500), peer(n)));
        assert_eq!(backoff.until(at(500), peer(0), true), None);
    }
}
