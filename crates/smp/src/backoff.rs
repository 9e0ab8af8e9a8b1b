//! Repeated attempts: after each failure a peer waits twice as long. [Vol 3] Part H, 2.3.6

use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

const PEERS: usize = 8;
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(64);
/// Failures of all peers together before everybody waits: an attacker may change its address at will.
const FREE_FAILURES: u8 = 4;

/// How long each peer, and all of them together, must wait before the next pairing.
///
/// It is shared by all links. A peer is known by its identity, or by its address where it has none yet.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    peers: [Option<Entry>; PEERS],
    all: Wait,
    failures: u8,
}

impl Backoff {
    /// Nobody waits.
    #[must_use]
    pub const fn new() -> Self {
        Self { peers: [None; PEERS], all: Wait::NONE, failures: 0 }
    }

    /// Until when a pairing with `peer` is refused, where it is.
    #[must_use]
    pub fn until(&self, now: Instant, peer: Address) -> Option<Instant> {
        let own = self.peers.iter().flatten().find(|entry| entry.peer == peer);
        let until = own.map_or(self.all.until, |entry| entry.wait.until.max(self.all.until));
        until.filter(|&until| now < until)
    }

    /// A pairing with `peer` failed.
    pub fn failed(&mut self, now: Instant, peer: Address) {
        if self.all.is_over(now) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures > FREE_FAILURES {
            self.all.lengthen(now);
        } else {
            self.all.seen = Some(now);
        }
        self.entry(peer).wait.lengthen(now);
    }

    /// A pairing with `peer` succeeded: it no longer waits.
    pub fn succeeded(&mut self, peer: Address) {
        for slot in &mut self.peers {
            if slot.is_some_and(|entry| entry.peer == peer) {
                *slot = None;
            }
        }
    }

    /// The peer's entry, or a new one in place of the one that failed longest ago.
    fn entry(&mut self, peer: Address) -> &mut Entry {
        let known = self.peers.iter().position(|slot| slot.is_some_and(|entry| entry.peer == peer));
        let [first, rest @ ..] = &mut self.peers;
        let slot = match known {
            Some(0) => first,
            Some(at) => rest.get_mut(at.saturating_sub(1)).unwrap_or(first),
            None => {
                let oldest = rest.iter_mut().fold(first, |oldest, slot| {
                    let seen = |slot: &Option<Entry>| slot.and_then(|entry| entry.wait.seen);
                    if seen(slot) < seen(oldest) { slot } else { oldest }
                });
                *oldest = None;
                oldest
            }
        };
        slot.get_or_insert(Entry { peer, wait: Wait::NONE })
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    peer: Address,
    wait: Wait,
}

#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    last: Option<Duration>,
    until: Option<Instant>,
    seen: Option<Instant>,
}

impl Wait {
    const NONE: Self = Self { last: None, until: None, seen: None };

    /// Doubles the wait; it starts over after a long time without failure.
    fn lengthen(&mut self, now: Instant) {
        let next = match self.last {
            Some(last) if !self.is_over(now) => last.checked_mul(2).unwrap_or(LONGEST),
            _ => FIRST,
        };
        let next = next.min(LONGEST);
        *self = Self { last: Some(next), until: now.checked_add(next), seen: Some(now) };
    }

    fn is_over(&self, now: Instant) -> bool {
        let quiet = LONGEST.checked_mul(2).unwrap_or(LONGEST);
        self.seen.and_then(|seen| seen.checked_add(quiet)).is_none_or(|end| now >= end)
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
            assert_eq!(backoff.until(now, peer(1)), None);
            backoff.failed(now, peer(1));
            now += Duration::from_secs(wait);
            assert!(backoff.until(now - Duration::from_ticks(1), peer(1)).is_some(), "{wait}");
        }
        backoff.succeeded(peer(1));
        assert_eq!(backoff.until(now, peer(1)), None);
    }

    #[test]
    fn changing_the_address_does_not_help() {
        let mut backoff = Backoff::new();
        for n in 0..5 {
            assert_eq!(backoff.until(at(0), peer(n)), None);
            backoff.failed(at(0), peer(n));
        }
        assert_eq!(backoff.until(at(0), peer(99)), Some(at(1)));
        backoff.failed(at(1), peer(99));
        assert_eq!(backoff.until(at(1), peer(100)), Some(at(3)));
        assert_eq!(backoff.until(at(3), peer(100)), None);
    }

    #[test]
    fn the_oldest_peer_is_forgotten_first() {
        let mut backoff = Backoff::new();
        for n in 0..9u8 {
            backoff.failed(at(200 * u64::from(n)), peer(n));
        }
        assert_eq!(backoff.peers.iter().flatten().count(), PEERS);
        assert!(backoff.peers.iter().flatten().all(|entry| entry.peer != peer(0)));
        assert_eq!(backoff.until(at(1600), peer(8)), Some(at(1601)));
    }
}
