//! Two transfers on one line, in virtual time.

use std::collections::VecDeque;

use super::*;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Faults of a line, in percent.
#[derive(Clone, Copy)]
struct Faults {
    lost: u64,
    corrupt: u64,
    repeated: u64,
}

const NONE: Faults = Faults { lost: 0, corrupt: 0, repeated: 0 };

struct End {
    transfer: Transfer<'static>,
    line: VecDeque<(Instant, Vec<u8>)>,
    to_send: VecDeque<Vec<u8>>,
    received: Vec<Vec<u8>>,
    reads_at: Instant,
}

struct Line {
    ends: [End; 2],
    faults: Faults,
    random: Random,
    now: Instant,
}

impl Line {
    fn new(agreed: Agreed, memory: usize, faults: Faults, sdus: [Vec<Vec<u8>>; 2]) -> Self {
        let ends = sdus.map(|sdus| End {
            transfer: open(agreed, memory),
            line: VecDeque::new(),
            to_send: sdus.into(),
            received: Vec::new(),
            reads_at: START,
        });
        let mut line = Self { ends, faults, random: Random(0x9e37_79b9), now: START };
        line.ends[1].transfer.open(agreed, REMOTE, LOCAL);
        line
    }

    /// Runs until nothing is on its way and no timer runs.
    fn run(&mut self) {
        for _ in 0..1_000_000 {
            (0..2).for_each(|end| self.step(end));
            if self.ends.iter().all(End::is_idle) {
                return;
            }
            let times = self.ends.iter().flat_map(End::times);
            self.now = times.min().expect("something happens").max(self.now);
        }
        panic!("the line is never idle");
    }

    fn step(&mut self, index: usize) {
        let Self { ends: [a, b], random, now, faults } = self;
        let (end, other) = if index == 0 { (a, b) } else { (b, a) };
        let outcome = end.transfer.handle_timeout(*now);
        assert_eq!(outcome, Outcome::Nothing);
        while let Some((_, payload)) = other.line.pop_front_if(|(at, _)| at <= now) {
            let piece = 1 + random.below(700) as usize;
            let outcome = end.transfer.take(&payload, piece, *now);
            assert!(!matches!(outcome, Outcome::Violation(_)), "{outcome:?}");
        }
        if end.reads_at <= *now {
            end.received.extend(end.transfer.taken());
            end.reads_at = *now + Duration::from_millis(random.below(20));
        }
        while let Some(sdu) = end.to_send.pop_front_if(|sdu| end.transfer.send(sdu).is_ok()) {
            assert!(sdu.len() <= 65_535);
        }
        for _ in 0..random.below(5) {
            let piece = 1 + random.below(1021) as usize;
            let Some(mut payload) = end.transfer.pull(piece, *now) else { break };
            if random.below(100) < faults.lost {
                continue;
            }
            if random.below(100) < faults.corrupt {
                let at = random.below(payload.len() as u64) as usize;
                payload[at] ^= 1 << random.below(8);
            }
            let last = end.line.back().map_or(*now, |(at, _)| *at);
            let at = last.max(*now + Duration::from_millis(1 + random.below(30)));
            if random.below(100) < faults.repeated {
                end.line.push_back((at, payload.clone()));
            }
            end.line.push_back((at, payload));
        }
    }
}

impl End {
    fn is_idle(&self) -> bool {
        self.line.is_empty()
            && self.to_send.is_empty()
            && self.transfer.is_flushed()
            && self.transfer.poll_timeout().is_none()
            && self.transfer.interest() == bindrune_wire::Interest::None
            && self.transfer.front().is_none()
    }

    fn times(&self) -> impl Iterator<Item = Instant> {
        let pulls = self.transfer.interest() != bindrune_wire::Interest::None;
        let reads = self.transfer.front().is_some() || !self.to_send.is_empty();
        [
            pulls.then_some(Instant::ZERO),
            reads.then_some(self.reads_at),
            self.line.front().map(|(at, _)| *at),
            self.transfer.poll_timeout(),
        ]
        .into_iter()
        .flatten()
    }
}

fn sdus(count: usize, mtu: u16, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random(seed);
    (0..count)
        .map(|n| {
            let len = match n % 4 {
                0 => mtu.into(),
                1 => random.below(20),
                _ => random.below(u64::from(mtu) + 1),
            };
            let mut sdu: Vec<u8> =
                (0..len).map(|_| random.0 as u8 ^ random.below(256) as u8).collect();
            sdu.iter_mut()
                .zip((n as u16).to_be_bytes())
                .for_each(|(octet, number)| *octet = number);
            sdu
        })
        .collect()
}

fn agreed(kind: Kind, mtu: u16, mps: u16, window: u8) -> Agreed {
    Agreed {
        kind,
        rx_mtu: mtu,
        tx_mtu: mtu,
        rx_mps: mps,
        tx_mps: mps,
        rx_window: window,
        tx_window: window,
        max_transmit: 0,
        ..Agreed::BASIC
    }
}

fn check_enhanced(agreed: Agreed, memory: usize, count: usize, faults: Faults) {
    let mtu = agreed.rx_mtu;
    let sent = [sdus(count, mtu, 0x1234_5677), sdus(count / 3, mtu, 0xfeed)];
    let mut line = Line::new(agreed, memory, faults, sent.clone());
    line.run();
    assert!(line.ends[1].received == sent[0] && line.ends[0].received == sent[1]);
}

#[test]
fn enhanced_mode_loses_no_byte() {
    for (mtu, mps, memory, count) in [
        (48, 48, 500, 300),
        (672, 100, 2000, 200),
        (4096, 1010, 12_000, 60),
        (65_535, 1010, 140_000, 8),
    ] {
        for lost in [0, 1, 10] {
            for window in [1, 10, 32] {
                let faults = Faults { lost, corrupt: lost, repeated: lost };
                check_enhanced(agreed(Kind::Enhanced, mtu, mps, window), memory, count, faults);
            }
        }
    }
}

#[test]
fn enhanced_mode_works_with_the_largest_window_and_without_check_sequence() {
    let faults = Faults { lost: 5, ..NONE };
    for fcs in [true, false] {
        let agreed = Agreed { fcs, ..agreed(Kind::Enhanced, 672, 48, 63) };
        check_enhanced(agreed, 8000, 200, faults);
    }
}

#[test]
fn enhanced_mode_works_with_a_ring_smaller_than_the_window() {
    for lost in [0, 10] {
        let faults = Faults { lost, corrupt: 0, repeated: lost };
        for memory in [674, 700, 1000] {
            check_enhanced(agreed(Kind::Enhanced, 672, 48, 32), memory, 60, faults);
        }
    }
}

#[test]
fn enhanced_mode_without_faults_sends_nothing_again() {
    let agreed = agreed(Kind::Enhanced, 672, 100, 32);
    let mut line = Line::new(agreed, 200_000, NONE, [sdus(100, 672, 77), sdus(50, 672, 78)]);
    line.run();
    for end in &line.ends {
        assert_eq!(end.transfer.drops(), TransferDrops::default());
    }
}

#[test]
fn streaming_mode_loses_whole_sdus_in_order() {
    for (mtu, mps, memory, count) in [
        (48, 48, 2000, 300),
        (672, 100, 8000, 300),
        (4096, 1010, 40_000, 100),
        (65_535, 1010, 300_000, 12),
    ] {
        for lost in [0, 1, 10] {
            let sent = [sdus(count, mtu, 0x1234_5677), Vec::new()];
            let faults = Faults { lost, corrupt: 0, repeated: lost };
            let mut line =
                Line::new(agreed(Kind::Streaming, mtu, mps, 1), memory, faults, sent.clone());
            line.run();
            let received = &line.ends[1].received;
            let mut rest = sent[0].iter();
            assert!(received.iter().all(|sdu| rest.any(|other| other == sdu)));
            let drops = line.ends[1].transfer.drops();
            let is_whole = received.len() == count;
            assert_eq!(is_whole, drops.missing == 0 && drops.no_room == 0, "{drops:?}");
            assert!(lost > 0 || drops.missing == 0);
        }
    }
}

#[test]
fn basic_mode_loses_only_what_has_no_room() {
    for (mtu, memory) in [(48, 500), (672, 2000), (4096, 9000), (65_535, 140_000)] {
        let sent = [sdus(100, mtu, 0x1234_5677), sdus(40, mtu, 3)];
        let mut line = Line::new(agreed(Kind::Basic, mtu, 1, 1), memory, NONE, sent.clone());
        line.run();
        for (end, sent) in [(1usize, &sent[0]), (0, &sent[1])] {
            let End { received, transfer, .. } = &line.ends[end];
            let mut rest = sent.iter();
            assert!(received.iter().all(|sdu| rest.any(|other| other == sdu)));
            assert_eq!(received.len() + transfer.drops().no_room as usize, sent.len());
        }
    }
}

#[test]
fn enhanced_mode_gets_through_any_line() {
    let mut random = Random(0x0abc_def1_2345);
    for run in 0..200 {
        let mtu = 48 + random.below(300) as u16;
        let mps = 10 + random.below(120) as u16;
        let window = [1, 2, 3, 8, 32, 63][random.below(6) as usize];
        let spare = if run % 2 == 0 { 50 } else { 2000 };
        let memory = usize::from(mtu) + 2 + random.below(spare) as usize;
        // In a large window a repeated frame may look like one outside of it.
        let repeated = if window > 32 { 0 } else { random.below(20) };
        let faults = Faults { lost: random.below(25), corrupt: random.below(10), repeated };
        let (count, seed) = (1 + random.below(20) as usize, 1 + random.below(99_999));
        let sent = [sdus(count, mtu, seed), sdus(count / 2, mtu, seed + 1)];
        let agreed = agreed(Kind::Enhanced, mtu, mps, window);
        let mut line = Line::new(agreed, memory, faults, sent.clone());
        line.random = Random(seed);
        line.run();
        assert!(line.ends[1].received == sent[0] && line.ends[0].received == sent[1], "{run}");
    }
}
