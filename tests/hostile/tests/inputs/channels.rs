//! Credit-based channels. [Vol 3] Part A, 3.4.3 and 10

use bindrune::{Channel, Error};
use bindrune_corpus::Row;
use bindrune_hostile::{Bench, acl, l2cap};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    parts,
    scene::{CHANNEL, LINK, PSM, SIGNALLING, linked, opened, opened_by, works},
};

/// Checks that the peer's frames close the channel, and that the link stays up.
fn closes(row: &Row) {
    let mut opened = opened();
    let parts = parts(row);
    for part in &parts[..parts.len() - 1] {
        opened.link.b.inject(part);
        opened.link.b.expect_silence();
    }
    opened.link.b.inject(&parts[parts.len() - 1]);
    opened.link.b.expect(SIGNALLING, &[&hex!("06 01 0400 4100 4000")]);
    opened.link.signal(&hex!("07 01 0400 4100 4000"));
    let (mut link, received) = opened.receive();
    let received = received.take();
    assert_eq!(received.len(), parts.len());
    assert!(received.last().unwrap().is_err());
    link.b.settle();
    works(&mut link.b, LINK);
}

cases! {
    k01: |row| linked().ignores(row),
    k02: closes,
    k04: |row| {
        let mut opened = opened();
        opened.link.b.inject(&parts(row)[0]);
        let (mut link, received) = opened.receive();
        assert!(!received.is_done());
        link.b.inject(&acl(LINK, &l2cap(0x40, &hex!("0100 7a"))));
        assert!(!received.is_done());
        works(&mut link.b, LINK);
    },
    k05: closes,
    k06: closes,
    k08: closes,
    k09: closes,
    k10: |row| {
        let whole = linked().b.host.free_packets();
        let mut opened = opened();
        opened.link.b.inject(&parts(row)[0]);
        opened.link.b.expect_silence();
        opened.link.b.pass(embassy_time::Duration::from_secs(60));
        works(&mut opened.link.b, LINK);
        let (mut link, received) = opened.receive();
        link.b.inject(&hex!("0405 04 00 4000 13"));
        assert_eq!(received.take().len(), 1);
        assert_eq!(link.b.host.free_packets(), whole);
    },
    k12: |row| {
        let mut s = linked();
        let conn = s.conn.clone();
        let opening = s.b.spawn(async move { conn.open_channel(PSM, CHANNEL).await });
        s.b.sent();
        s.b.inject(&parts(row)[0]);
        s.b.expect_silence();
        s.signal(&hex!("15 01 0a00 4100 6400 4000 0400 0000"));
        let channel = opening.take().unwrap();
        s.is_as_before();
        drop(channel);
    },
    k13: |row| {
        let mut opened = opened();
        for part in parts(row) {
            opened.link.b.inject(&part);
        }
        let mut channel = opened.channel;
        let received = opened.link.b.spawn(async move {
            let mut sdu = [0; 100];
            let len = channel.recv(&mut sdu).await;
            (len, sdu, channel)
        });
        let (len, sdu, _channel) = received.take();
        assert_eq!((len, &sdu[..64]), (Ok(64), &[b'a'; 64][..]));
        works(&mut opened.link.b, LINK);
    },
    k14: |row| {
        // As many credits as possible, starting from none, because more than 65535 in all close the channel. The row
        // uses 0x0040 as the peer's CID too.
        let mut opened = opened_by(0x40, 0);
        let free = opened.link.b.host.free_packets();
        let mut channel = opened.channel;
        let sent = opened.link.b.spawn(async move {
            for _ in 0..1000 {
                channel.send(&[7; 100]).await?;
            }
            channel.flush().await?;
            Ok::<_, bindrune::Error>(channel)
        });
        opened.link.b.controller().completes = false;
        opened.link.b.sent();
        opened.link.b.inject(&parts(row)[0]);
        // The controller's buffers limit the packets that leave, and the host's packets limit those that wait.
        assert_eq!(opened.link.b.frames().len(), 4);
        assert!(free.transmit - opened.link.b.host.free_packets().transmit <= 2);
        opened.link.b.controller().completes = true;
        opened.link.b.inject(&hex!("0413 05 01 4000 0400"));
        assert_eq!(opened.link.b.frames().len(), 2000 - 4);
        let _channel = sent.take().unwrap();
        works(&mut opened.link.b, LINK);
    },
}

/// HCI_Disconnect.
const DISCONNECT: u16 = 0x0406;

/// Sends five frames to a controller that has four buffers and returns none, and drops the channel.
fn drop_behind_a_frame_that_waits(b: &mut Bench<'static>, mut channel: Channel<'static>) {
    b.controller().completes = false;
    let sent = b.spawn(async move {
        for _ in 0..5 {
            channel.send(&[7; 50]).await?;
        }
        drop(channel);
        Ok::<_, Error>(())
    });
    assert_eq!(sent.take(), Ok(()));
    assert_eq!(b.frames().len(), 4);
}

#[test]
fn a_dropped_channel_is_closed_in_bounded_time_if_its_peer_takes_nothing() {
    let mut opened = opened_by(0x40, 20);
    let conn = opened.link.conn.clone();
    drop_behind_a_frame_that_waits(&mut opened.link.b, opened.channel);
    let ended = opened.link.b.spawn(async move { conn.disconnect().await });
    opened.link.b.pass(Duration::from_millis(9_900));
    assert!(opened.link.b.commands().iter().all(|(opcode, _)| *opcode != DISCONNECT));
    opened.link.b.pass(Duration::from_millis(200));
    let commands = opened.link.b.commands();
    assert!(commands.iter().any(|(opcode, _)| *opcode == DISCONNECT), "{commands:x?}");
    assert_eq!(ended.take(), Ok(()));
    assert_eq!(opened.link.b.host.stats().unsent_pdus, 1);
}

#[test]
fn the_end_of_a_channel_follows_a_frame_that_waited() {
    let mut opened = opened_by(0x40, 20);
    drop_behind_a_frame_that_waits(&mut opened.link.b, opened.channel);
    opened.link.b.inject(&hex!("0413 05 01 4000 0400"));
    let frames = opened.link.b.frames();
    let end = l2cap(SIGNALLING, &hex!("06 01 0400 4000 4000"));
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[1], (LINK, end));
}

#[test]
fn a_channel_that_the_controller_cannot_open_or_close_is_given_up_after_30_s() {
    let mut opened = opened_by(0x40, 20);
    opened.link.b.controller().completes = false;
    let (mut channel, conn) = (opened.channel, opened.link.conn.clone());
    let closed = opened.link.b.spawn(async move {
        for _ in 0..4 {
            channel.send(&[7; 50]).await?;
        }
        channel.close().await
    });
    let asked = opened.link.b.spawn(async move { conn.open_channel(PSM, CHANNEL).await.map(drop) });
    opened.link.b.pass(Duration::from_millis(29_900));
    assert!(!closed.is_done() && !asked.is_done());
    opened.link.b.pass(Duration::from_millis(200));
    assert_eq!(closed.take(), Err(Error::Timeout));
    assert_eq!(asked.take(), Err(Error::Timeout));
    // The peer still gets the end of the first channel, and nothing about the one that never opened.
    opened.link.b.controller().completes = true;
    opened.link.b.sent();
    opened.link.b.inject(&hex!("0413 05 01 4000 0400"));
    opened.link.b.expect(SIGNALLING, &[&hex!("06 01 0400 4000 4000")]);
}

#[test]
fn a_peer_that_does_not_confirm_the_end_of_a_channel_is_reported() {
    let mut opened = opened();
    let channel = opened.channel;
    let closed = opened.link.b.spawn(async move { channel.close().await });
    opened.link.b.expect(SIGNALLING, &[&hex!("06 01 0400 4100 4000")]);
    opened.link.b.pass(Duration::from_millis(30_100));
    assert_eq!(closed.take(), Err(Error::Timeout));
    works(&mut opened.link.b, LINK);
}
