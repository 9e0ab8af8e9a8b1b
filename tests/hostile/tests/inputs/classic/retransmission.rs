//! Enhanced Retransmission and Streaming mode: frames that break the rules. [Vol 3] Part A, 8.4 to 8.6

use bindrune::{ClassicChannelConfig, ClassicCloseReason, Error, Level};
use bindrune_hostile::Outcome;
use embassy_time::Duration;

use super::{
    scene::{Dual, OPEN, Received, SIGNALLING, hex, linked},
    stalls::with_fcs,
};

/// A channel in one of the modes, with an MTU of 100 octets, and what its application received.
struct Moded {
    s: Dual,
    cid: u16,
    received: Received,
    end: Outcome<Error>,
}

/// What happens to a channel after bad frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// It carries the frame with TxSeq 0, which is the first that counts.
    Carries,
    /// This device closes it, because a rule is broken.
    Closes,
}

fn moded(config: ClassicChannelConfig, mode: u8) -> Moded {
    let mut s = linked();
    let option = [&[4, 9, mode][..], &hex("08 03 d007 e02e 6400")].concat();
    let open = s.open_with(OPEN, config.level(Level::Open).mtu(100), &option);
    let (received, end) = s.receive(open.channel);
    Moded { s, cid: open.cid, received, end }
}

fn enhanced() -> Moded {
    moded(ClassicChannelConfig::ENHANCED, 3)
}

impl Moded {
    fn send(&mut self, frame: &[u8]) {
        self.s.send(self.cid, &with_fcs(self.cid, frame));
    }

    /// Sends frames without their check sequence; nothing of them arrives.
    #[track_caller]
    fn breaks(mut self, frames: &[&str], after: After) {
        for frame in frames {
            self.send(&hex(frame));
        }
        assert_eq!(*self.received.borrow(), Vec::<Vec<u8>>::new());
        // This device requests the disconnection.
        if let Some([6, id, _, _, peer @ .., _, _]) = self.s.signals().last().map(|pdu| &pdu[..]) {
            let pdu = [&[7, *id, 4, 0][..], peer, &self.cid.to_le_bytes()].concat();
            self.s.send(SIGNALLING, &pdu);
            assert!(self.end.is_done(), "the channel is closed");
        }
        if self.end.is_done() {
            let end = self.end.take();
            assert!(
                matches!(end, Error::ClassicClosed(ClassicCloseReason::Violation(_))),
                "{end:?}"
            );
            assert_eq!(after, After::Closes);
        } else {
            assert_eq!(after, After::Carries);
            self.send(&hex("00 00 616263"));
            assert_eq!(*self.received.borrow(), [b"abc"]);
        }
        self.s.answers();
        self.s.ends_well();
    }
}

/// Creates a test for each row: frames of the peer, and what happens to the channel.
macro_rules! frames {
    ($($(#[$meta:meta])* $name:ident: [$($frame:literal),*] => $after:ident,)*) => {
        $($(#[$meta])* #[test]
        fn $name() {
            enhanced().breaks(&[$($frame),*], After::$after);
        })*
    };
}

frames! {
    an_empty_frame: [""] => Carries,
    half_a_control_field: ["00"] => Carries,
    /// TxSeq 8, and the window has 8 frames from 0 on; TxSeq 40 is far outside.
    a_frame_behind_the_window: ["50 00 616263"] => Carries,
    /// This device has sent nothing: ReqSeq 5 acknowledges nothing.
    an_acknowledgement_of_nothing: ["01 05"] => Closes,
    an_acknowledgement_of_nothing_in_a_frame: ["00 05 616263"] => Closes,
    a_rejection_of_nothing: ["05 05"] => Closes,
    a_selective_rejection_of_nothing: ["0d 00"] => Closes,
    selective_rejections_of_nothing_for_ever: ["0d 00", "0d 00", "0d 00", "0d 00", "0d 00"] => Closes,
    /// A supervisory frame has no data.
    a_supervisory_frame_with_data: ["01 00 616263"] => Carries,
    /// A final bit answers a poll; there was none.
    final_bits_without_a_poll: ["81 00", "81 00", "89 00", "80 00"] => Carries,
    polls_for_ever: ["11 00", "11 00", "11 00", "11 00", "11 00", "11 00", "11 00", "11 00"] => Carries,
    not_ready_for_ever: ["09 00", "19 00", "09 00", "19 00"] => Carries,
    /// SAR 3 continues an SDU, SAR 2 ends one; none has begun.
    a_continuation_without_a_start: ["00 c0 616263"] => Closes,
    an_end_without_a_start: ["00 80 616263"] => Closes,
    /// SAR 1 starts an SDU of 101 octets; the MTU is 100.
    a_longer_sdu_than_the_mtu: ["00 40 6500 616263"] => Closes,
    /// It starts an SDU of 2 octets, and has 3.
    a_start_longer_than_its_sdu: ["00 40 0200 616263"] => Closes,
    a_start_without_its_length: ["00 40 05"] => Carries,
    two_starts: ["00 40 0600 616263", "02 40 0600 616263"] => Closes,
    an_end_that_is_too_short: ["00 40 0600 616263", "02 80 61"] => Closes,
    an_end_that_is_too_long: ["00 40 0600 616263", "02 80 61626364"] => Closes,
}

#[test]
fn a_bad_check_sequence_is_dropped() {
    let mut m = enhanced();
    let mut frame = with_fcs(m.cid, &hex("00 00 616263"));
    *frame.last_mut().unwrap() ^= 1;
    for _ in 0..20 {
        let cid = m.cid;
        m.s.send(cid, &frame);
    }
    m.breaks(&[], After::Carries);
}

#[test]
fn frames_out_of_order_are_requested_and_come_in_order() {
    let mut m = enhanced();
    for tx in [2_u8, 1, 3] {
        m.send(&[tx << 1, 0, tx]);
    }
    assert!(m.received.borrow().is_empty());
    for tx in [0_u8, 1, 2, 3, 1, 0] {
        m.send(&[tx << 1, 0, tx]);
    }
    let all = m.received.borrow().concat();
    assert!([0, 1, 2, 3].starts_with(&all) && all.len() >= 3, "{all:?}");
    m.s.answers();
    m.s.ends_well();
}

#[test]
fn a_duplicate_is_received_once() {
    let mut m = enhanced();
    for _ in 0..3 {
        m.send(&hex("00 00 616263"));
    }
    assert_eq!(*m.received.borrow(), [b"abc"]);
    m.s.answers();
    m.s.ends_well();
}

/// The peer never acknowledges: this device sends again, polls, and closes.
#[test]
fn a_peer_that_acknowledges_nothing_loses_its_channel() {
    let mut s = linked();
    let config = ClassicChannelConfig::ENHANCED.level(Level::Open);
    let open = s.open_with(OPEN, config, &hex("04 09 03 08 03 d007 e02e 6400"));
    let channel = open.channel;
    let sends = s.b.spawn(async move {
        channel.send(b"abc").await?;
        channel.flush().await
    });
    s.b.pass(Duration::from_secs(120));
    assert!(matches!(sends.take(), Err(Error::ClassicClosed(ClassicCloseReason::Violation(_)))));
    s.answers();
    s.ends_well();
}

/// The peer requests the same frame again for ever.
#[test]
fn selective_rejections_for_ever_close_the_channel() {
    let mut s = linked();
    let config = ClassicChannelConfig::ENHANCED.level(Level::Open);
    let open = s.open_with(OPEN, config, &hex("04 09 03 08 03 d007 e02e 6400"));
    let (channel, cid) = (open.channel, open.cid);
    let sends = s.b.spawn(async move {
        channel.send(b"abc").await?;
        channel.flush().await
    });
    let mut sent = 0;
    for _ in 0..50 {
        s.send(cid, &with_fcs(cid, &[0x0d, 0]));
        sent += s.b.frames().len();
    }
    assert!(sent < 10, "sent {sent} times, and the peer allows 3");
    assert!(matches!(sends.take(), Err(Error::ClassicClosed(ClassicCloseReason::Violation(_)))));
    s.answers();
    s.ends_well();
}

/// Polls and selective rejections in turn: each poll is answered by one frame.
#[test]
fn a_storm_of_polls_is_answered_without_a_queue() {
    let mut m = enhanced();
    m.s.b.controller().completes = false;
    for _ in 0..500 {
        m.send(&hex("11 00"));
    }
    assert!(m.s.b.frames().len() <= 4, "the controller has 4 buffers");
    m.s.ends_well();
}

#[test]
fn streaming_drops_what_is_not_whole() {
    let mut m = moded(ClassicChannelConfig::STREAMING, 4);
    // A start, then TxSeq 1 is lost, then the end.
    m.send(&hex("00 40 0900 616263"));
    m.send(&hex("04 80 646566"));
    // A bad check sequence, an SDU longer than the MTU, an end without a start.
    let cid = m.cid;
    m.s.send(cid, &hex("06 00 616263 0000"));
    m.send(&hex("08 40 6500 616263"));
    m.send(&hex("0a 80 616263"));
    assert_eq!(*m.received.borrow(), Vec::<Vec<u8>>::new());
    m.send(&hex("0c 00 78797a"));
    assert_eq!(*m.received.borrow(), [b"xyz"]);
    m.s.answers();
    m.s.ends_well();
}

/// What the ring has no room for is counted.
#[test]
fn streaming_without_a_reader_counts_what_it_drops() {
    let mut s = linked();
    let config = ClassicChannelConfig::STREAMING.level(Level::Open).mtu(100);
    let open = s.open_with(OPEN, config, &hex("04 09 04 08 03 d007 e02e 6400"));
    for tx in 0..20_u8 {
        let frame = [&[tx << 1, 0][..], &[tx; 90]].concat();
        s.send(open.cid, &with_fcs(open.cid, &frame));
    }
    let lost = open.channel.lost().received as usize;
    let (received, _) = s.receive(open.channel);
    let received = received.borrow().len();
    assert!(received > 0 && lost > 0 && received + lost == 20, "{received} and {lost}");
    s.ends_well();
}
