//! Waits that a peer or a controller could make endless.

use bindrune::{ClassicChannelConfig, Level, Opcode};
use embassy_time::Duration;

use super::scene::{CID, LINK, OPEN, OTHER, OTHER_LINK, PEER, SIGNALLING, hex, linked, secured};

/// The controller keeps the packets of a peer that takes none: the link ends, and another peer gets the buffers.
#[test]
fn a_link_whose_packets_never_complete_ends() {
    let mut s = linked();
    let open = s.open_with(OPEN, ClassicChannelConfig::BASIC.level(Level::Open), &[]);
    let channel = open.channel;
    s.b.controller().completes = false;
    let sends = s.b.spawn(async move { while channel.send(&[1; 600]).await.is_ok() {} });
    s.b.sent();
    s.b.pass(Duration::from_secs(70));
    assert_eq!(s.b.commands(), [], "the radio may be bad for a while");
    s.b.pass(Duration::from_secs(2));
    let (opcode, parameters) = s.b.commands().remove(0);
    assert_eq!((opcode, &parameters[..]), (Opcode::DISCONNECT.0, &[0x40, 0, 0x13][..]));
    assert!(sends.is_done());
    assert_eq!(s.b.host.links(), 0);
    assert_eq!(s.b.host.stats().stalled_links, 1);
    s.ends_well();
}

/// A link that completes slowly stays.
#[test]
fn a_link_whose_packets_complete_slowly_stays() {
    let mut s = linked();
    let open = s.open_with(OPEN, ClassicChannelConfig::BASIC.level(Level::Open), &[]);
    let channel = open.channel;
    s.b.controller().completes = false;
    s.b.spawn(async move { while channel.send(&[1; 600]).await.is_ok() {} });
    for _ in 0..10 {
        s.b.pass(Duration::from_secs(60));
        s.b.inject(&super::scene::event(0x13, &[&[1], &LINK.to_le_bytes(), &[1, 0]]));
    }
    assert_eq!(s.b.host.links(), 1);
    s.ends_well();
}

/// A peer accepts each channel of RFCOMM, and closes it at once, for ever.
#[test]
fn a_peer_that_closes_rfcomm_at_once_does_not_keep_a_caller() {
    let mut s = secured();
    let host = s.b.host;
    let connects = s.b.spawn(async move { host.classic().rfcomm_connect(PEER, 5).await.err() });
    let mut rounds = 0;
    for second in 0..300 {
        if connects.is_done() {
            break;
        }
        for pdu in s.signals() {
            let [id, low, high] = [pdu[1], pdu[4], pdu[5]];
            match pdu[0] {
                // The peer's CID is 0x0040. It configures the channel, and closes it.
                0x02 => {
                    let own = [pdu[6], pdu[7]];
                    s.send(SIGNALLING, &[3, id, 8, 0, 0x40, 0, own[0], own[1], 0, 0, 0, 0]);
                    s.send(SIGNALLING, &[4, 0x51, 4, 0, own[0], own[1], 0, 0]);
                    let end = [6, 0x52, 4, 0, own[0], own[1], 0x40, 0];
                    // Both are there before a task of this device has a turn.
                    let mut last = Vec::new();
                    for pdu in s.signals().iter().filter(|pdu| pdu[0] == 4) {
                        last.extend([5, pdu[1], 6, 0, own[0], own[1], 0, 0, 0, 0]);
                    }
                    last.extend(end);
                    rounds += 1;
                    s.send(SIGNALLING, &last);
                }
                0x0a => s.send(SIGNALLING, &[0x0b, id, 4, 0, low, high, 1, 0]),
                _ => {}
            }
        }
        s.b.pass(Duration::from_secs(u64::from(second > 0)));
    }
    assert!(connects.is_done(), "{rounds} channels, and the caller still waits");
    assert!((1..10).contains(&rounds), "{rounds} channels");
    s.ends_well();
}

/// The peer sends questions and no data on an open channel for ever: the application's wait ends with the link alone.
#[test]
fn a_send_to_a_peer_that_is_never_ready_ends_with_the_link() {
    let mut s = linked();
    let config = ClassicChannelConfig::ENHANCED.level(Level::Open);
    let open = s.open_with(OPEN, config, &hex("04 09 03 02 03 d007 e02e 6400"));
    let channel = open.channel;
    let sends = s.b.spawn(async move { while channel.send(&[1; 90]).await.is_ok() {} });
    // Receiver Not Ready: ReqSeq 0.
    for _ in 0..600 {
        s.send(open.cid, &with_fcs(open.cid, &[0x09, 0x00]));
        s.b.pass(Duration::from_secs(1));
    }
    let waits = !sends.is_done();
    s.answers();
    s.b.inject(&super::scene::ended(LINK));
    s.b.settle();
    assert!(waits && sends.is_done());
    s.up(OTHER_LINK, OTHER);
    s.serves(OTHER_LINK);
    s.ends_well();
}

/// An application reads nothing, and its channel is full: the host gives it time once, and not before each packet.
#[test]
fn a_full_channel_does_not_slow_down_each_packet() {
    let mut s = linked();
    let open = s.open_with(OPEN, ClassicChannelConfig::BASIC.level(Level::Open), &[]);
    let turns: Vec<_> = (0..60)
        .map(|number| {
            s.send(open.cid, &[number; 600]);
            s.b.turns()
        })
        .collect();
    let long = turns.iter().filter(|&&turns| turns > 10).count();
    assert_eq!(long, 1, "{turns:?}");
    drop(open.channel);
    s.ends_well();
}

/// Adds the check sequence of a frame to this device. [Vol 3] Part A, 3.3.5
pub(crate) fn with_fcs(cid: u16, frame: &[u8]) -> Vec<u8> {
    let len = (frame.len() as u16 + 2).to_le_bytes();
    let all = [&len[..], &cid.to_le_bytes(), frame].concat();
    let mut crc = 0_u16;
    for octet in all {
        crc ^= u16::from(octet);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 };
        }
    }
    [frame, &crc.to_le_bytes()].concat()
}

/// The peer's CID is that of the scene.
const _: () = assert!(CID == 0x40);
