//! Every byte arrives, in order, whatever the sizes.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// A stream from one slot of one end to one of the other.
struct Stream {
    from: usize,
    to: usize,
    sent: u64,
    received: u64,
    total: u64,
}

/// Returns the byte at position `at` of the stream.
fn byte(at: u64) -> u8 {
    (at ^ at >> 8 ^ at >> 16).to_le_bytes()[0]
}

impl Stream {
    fn send(&mut self, end: &mut End, piece: usize) {
        let most = usize::try_from(self.total - self.sent).unwrap();
        let piece: Vec<_> = (self.sent..).take(piece.min(most)).map(byte).collect();
        self.sent += end.dlcs.send(self.from, &piece) as u64;
    }

    fn recv(&mut self, end: &mut End, piece: usize) {
        let mut buffer = vec![0; piece];
        let len = end.dlcs.recv(self.to, &mut buffer);
        for &octet in &buffer[..len] {
            assert_eq!(octet, byte(self.received));
            self.received += 1;
        }
    }
}

/// Moves frames with a delay of up to `delay` frames in each direction, until all streams are complete.
fn carry(
    p: &mut Pair,
    forward: &mut [Stream],
    backward: &mut [Stream],
    delay: usize,
    pieces: &[usize],
) {
    let (mut to_b, mut to_a) = (VecDeque::new(), VecDeque::new());
    let mut pieces = pieces.iter().copied().cycle();
    let mut piece = || pieces.next().unwrap();
    for _ in 0..2_000_000 {
        for stream in forward.iter_mut() {
            stream.send(&mut p.a, piece());
            stream.recv(&mut p.b, piece());
        }
        for stream in backward.iter_mut() {
            stream.send(&mut p.b, piece());
            stream.recv(&mut p.a, piece());
        }
        let before = to_b.len() + to_a.len();
        to_b.extend(p.a.transmit());
        to_a.extend(p.b.transmit());
        let is_silent = before == to_b.len() + to_a.len();
        let kept = if is_silent { 0 } else { piece() % (delay + 1) };
        while to_b.len() > kept {
            p.b.receive(&to_b.pop_front().unwrap());
        }
        while to_a.len() > kept {
            p.a.receive(&to_a.pop_front().unwrap());
        }
        for end in [&p.a, &p.b] {
            for dlc in end.dlcs.iter().filter(|dlc| dlc.is_credit_based()) {
                let promised = usize::from(dlc.flow.granted) * usize::from(dlc.flow.most);
                assert!(promised <= dlc.rx.free(), "every granted frame fits");
            }
        }
        let is_complete = |s: &Stream| s.received == s.total;
        if forward.iter().all(is_complete) && backward.iter().all(is_complete) {
            return p.assert_no_drops();
        }
    }
    panic!("the streams do not end");
}

fn stream((from, to): (usize, usize), total: u64) -> Stream {
    Stream { from, to, sent: 0, received: 0, total }
}

const PIECES: [usize; 12] = [1, 300, 17, 1000, 64, 5, 127, 2, 999, 31, 700, 13];

#[test]
fn megabytes_arrive_both_ways() {
    let mut p = Pair::new(new_dlcs(2, 4096, 3000), new_dlcs(2, 2000, 1500));
    let (a, b) = p.open(1);
    let (mut forward, mut backward) = ([stream((a, b), 2 << 20)], [stream((b, a), 2 << 20)]);
    carry(&mut p, &mut forward, &mut backward, 7, &PIECES);
}

#[test]
fn a_megabyte_arrives_through_the_smallest_rings() {
    let mut p = Pair::new(new_dlcs(2, 23, 1), new_dlcs(2, 23, 30));
    let (a, b) = p.open(1);
    let (mut forward, mut backward) = ([stream((a, b), 30_000)], [stream((b, a), 1 << 20)]);
    carry(&mut p, &mut forward, &mut backward, 3, &PIECES);
}

#[test]
fn three_dlcs_share_the_session() {
    let mut p = Pair::new(new_dlcs(3, 1024, 700), new_dlcs(3, 900, 400));
    let slots: Vec<_> = (1..=3).map(|channel| p.open(channel)).collect();
    let mut forward: Vec<_> = slots.iter().map(|&slots| stream(slots, 1 << 18)).collect();
    let mut backward: Vec<_> = slots.iter().map(|&(a, b)| stream((b, a), 1 << 18)).collect();
    carry(&mut p, &mut forward, &mut backward, 5, &PIECES);
}

/// A peer without credit-based flow control: the FC bit of MSC stops it.
#[test]
fn a_megabyte_arrives_without_credits() {
    let mut p = Pair::new(new_dlcs(2, 8192, 700), new_dlcs(2, 8192, 700));
    p.a.session.credit_based = Some(false);
    let (a, b) = p.open(1);
    assert!(!p.a.dlc(a).is_credit_based() && !p.b.dlc(b).is_credit_based());
    assert_eq!(p.b.session.credit_based, Some(false));
    let (mut forward, mut backward) = ([stream((a, b), 1 << 20)], [stream((b, a), 1 << 20)]);
    carry(&mut p, &mut forward, &mut backward, 3, &PIECES);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_sizes_carry_every_byte(
        rings in prop::array::uniform4(23usize..1500),
        delay in 0usize..12,
        pieces in prop::collection::vec(1usize..900, 7..40),
    ) {
        let [a_rx, a_tx, b_rx, b_tx] = rings;
        let mut p = Pair::new(new_dlcs(2, a_rx, a_tx), new_dlcs(2, b_rx, b_tx));
        let (a, b) = p.open(2);
        let (mut forward, mut backward) = ([stream((a, b), 20_000)], [stream((b, a), 20_000)]);
        carry(&mut p, &mut forward, &mut backward, delay, &pieces);
    }
}
