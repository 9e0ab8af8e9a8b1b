//! The signalling channel. [Vol 3] Part A, 4

use bindrune::{Channel, CloseReason, Error};
use bindrune_corpus::Row;
use bindrune_hostile::Outcome;
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    parts,
    scene::{
        ATT, CHANNEL, LINK, Linked, NAME, Opened, PSM, SIGNALLING, linked, opened, opened_by, works,
    },
};

type Opening = Outcome<Result<Channel<'static>, Error>>;

/// Returns a link on which the host listens for channels.
fn listening() -> Linked {
    let mut s = linked();
    let host = s.b.host;
    s.b.spawn(async move {
        let mut listener = host.listen(PSM, CHANNEL).unwrap();
        loop {
            let _closes = listener.accept().await;
        }
    });
    s
}

/// Lets the host request a channel, from CID 0x0040.
fn opening(s: &mut Linked) -> Opening {
    let conn = s.conn.clone();
    s.b.spawn(async move { conn.open_channel(PSM, CHANNEL).await })
}

/// Returns a link on which the host waits for the answer to its request, identifier 1.
fn pending() -> (Linked, Opening) {
    let mut s = linked();
    let opening = opening(&mut s);
    s.b.expect(SIGNALLING, &[&hex!("14 01 0a00 8000 4000 6400 4000 0400")]);
    (s, opening)
}

/// Checks a response that cannot be accepted: the channel fails, and at most a disconnection request follows to the
/// peer.
fn bad_response(part: &[u8]) {
    let (mut s, opening) = pending();
    s.b.inject(part);
    assert!(opening.take().is_err());
    for (_, frame) in s.b.frames() {
        assert_eq!((&frame[2..4], frame[4]), (&[5, 0][..], 6), "{frame:02x?}");
        let closed = frame[8..10].try_into().map(u16::from_le_bytes).unwrap();
        assert!((0x40..0x80).contains(&closed));
    }
    s.b.pass(Duration::from_secs(31));
    s.b.sent();
    works(&mut s.b, LINK);
}

/// Checks that nothing is opened, and that the host discards or refuses the row.
fn rejects_or_ignores(mut s: Linked, row: &Row) {
    for part in parts(row) {
        let identifier = part.get(10).copied().unwrap_or(0);
        s.b.inject(&part);
        for (_, frame) in s.b.frames() {
            let reject = [0x01, identifier, 2, 0, 0, 0];
            assert_eq!((&frame[2..4], &frame[4..]), (&[5, 0][..], &reject[..]));
        }
    }
    s.is_as_before();
}

/// Checks that each part is answered by Command Reject, not understood.
fn not_understood(s: Linked, row: &Row) {
    let answers: Vec<[u8; 6]> =
        parts(row).iter().map(|part| [0x01, part[10], 2, 0, 0, 0]).collect();
    let answers: Vec<&[u8]> = answers.iter().map(|answer| &answer[..]).collect();
    s.signals(row, &answers);
}

/// Checks that every request is refused with this result.
fn refused(s: Linked, row: &Row, result: u8) {
    let answers: Vec<[u8; 14]> = parts(row)
        .iter()
        .map(|part| [0x15, part[10], 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, result, 0])
        .collect();
    let answers: Vec<&[u8]> = answers.iter().map(|answer| &answer[..]).collect();
    s.signals(row, &answers);
}

cases! {
    s01: |row| rejects_or_ignores(linked(), row),
    s02: |row| rejects_or_ignores(listening(), row),
    s04: |row| {
        let mut s = listening();
        s.b.inject(&parts(row)[0]);
        for (_, frame) in s.b.frames() {
            assert!(matches!(frame[4..6], [0x01 | 0x15, 0x01] | [0x06, _]), "{frame:02x?}");
        }
        works(&mut s.b, LINK);
    },
    s05: |row| not_understood(linked(), row),
    s06: |row| listening().ignores(row),
    s08: |row| bad_response(&parts(row)[0]),
    s09: |row| bad_response(&parts(row)[0]),
    s10: |row| bad_response(&parts(row)[0]),
    s12: |row| parts(row).iter().for_each(|part| bad_response(part)),
    s13: |row| {
        let (mut s, first) = pending();
        s.signal(&hex!("15 01 0a00 4100 6400 4000 0400 0000"));
        let mut first = first.take().unwrap();
        let second = opening(&mut s);
        s.b.expect(SIGNALLING, &[&hex!("14 02 0a00 8000 4100 6400 4000 0400")]);
        s.b.inject(&parts(row)[0]);
        assert!(second.take().is_err());
        s.b.sent();
        let sent = s.b.spawn(async move { (first.send(b"x").await, first) });
        assert_eq!(sent.take().0, Ok(()));
        s.b.expect(0x41, &[&hex!("0100 78")]);
    },
    s14: |row| refused(listening(), row, 0x09),
    s16: |row| refused(listening(), row, 0x0b),
    s17: |row| refused(listening(), row, 0x02),
    // Enhanced channels are not supported: a request for them is rejected.
    s18: |row| not_understood(listening(), row),
    // This request is longer than the signalling MTU of 23 octets.
    s20: |row| listening().signals(row, &[&hex!("01 01 0400 0100 1700")]),
    s21: |row| not_understood(listening(), row),
    s22: |row| not_understood(listening(), row),
    s24: |row| not_understood(listening(), row),
    s25: |row| rejects_or_ignores(linked(), row),
    s26: |row| rejects_or_ignores(linked(), row),
    s28: |row| not_understood(linked(), row),
    s29: |row| rejects_or_ignores(linked(), row),
    s30: |row| {
        ignoring(row).carries();
    },
    s32: |row| {
        ignoring(row).carries();
    },
    s33: |row| {
        let mut opened = opened();
        opened.link.b.inject(&parts(row)[0]);
        opened.link.b.expect(SIGNALLING, &[&hex!("01 01 0600 0200 6000 6100")]);
        opened.carries();
    },
    s34: |row| linked().signals(
        row,
        &[
            &hex!("01 01 0600 0200 0400 0400"),
            &hex!("01 02 0600 0200 0600 0600"),
            &hex!("01 03 0600 0200 0500 0500"),
        ],
    ),
    s36: |row| {
        let Opened { mut link, channel } = opened();
        let closed = link.b.spawn(async move { channel.close().await });
        link.b.expect(SIGNALLING, &[&hex!("06 01 0400 4100 4000")]);
        let parts = parts(row);
        link.b.inject(&parts[0]);
        link.b.expect(SIGNALLING, &[&hex!("07 09 0400 4000 4100")]);
        link.b.inject(&parts[1]);
        link.b.expect_silence();
        assert_eq!(closed.take(), Ok(()));
        link.b.pass(Duration::from_secs(31));
        works(&mut link.b, LINK);
    },
    s37: |row| {
        let mut opened = opened();
        for part in parts(row) {
            let identifier = part[10];
            opened.link.b.inject(&part);
            for (_, frame) in opened.link.b.frames() {
                assert_eq!(frame[4..], [0x01, identifier, 2, 0, 0, 0]);
            }
        }
        opened.carries();
    },
    s38: |row| not_understood(linked(), row),
    s40: |row| {
        let mut s = linked();
        s.b.inject(&parts(row)[0]);
        for (_, frame) in s.b.frames() {
            assert_eq!(frame[4..10], hex!("01 01 0400 0100"), "{frame:02x?}");
        }
        s.is_as_before();
    },
    s41: |row| {
        let (mut s, first) = pending();
        let second = opening(&mut s);
        s.b.expect(SIGNALLING, &[&hex!("14 02 0a00 8000 4100 6400 4000 0400")]);
        for part in parts(row) {
            s.b.inject(&part);
        }
        assert_eq!(second.take().err(), Some(Error::Closed(CloseReason::NotSupported)));
        assert!(!first.is_done());
        s.b.expect_silence();
        s.signal(&hex!("15 01 0a00 4100 6400 4000 0400 0000"));
        assert!(first.take().is_ok());
    },
    s42: |_| {
        let (mut s, first) = pending();
        let free = s.b.host.free_packets();
        s.b.pass(Duration::from_millis(29_999));
        assert!(!first.is_done());
        s.b.pass(Duration::from_millis(2));
        assert!(first.take().is_err());
        s.b.sent();
        let again = opening(&mut s);
        s.b.expect(SIGNALLING, &[&hex!("14 02 0a00 8000 4000 6400 4000 0400")]);
        assert_eq!(s.b.host.free_packets(), free);
        // A late answer matches no request.
        s.signal(&hex!("15 01 0a00 4100 6400 4000 0400 0000"));
        assert!(!again.is_done());
        s.b.expect_silence();
    },
}

/// Returns an open channel whose peer sends frames that are ignored. These rows use 0x0040 as the peer's CID too.
fn ignoring(row: &Row) -> Opened {
    let mut opened = opened_by(0x40, 4);
    for part in parts(row) {
        opened.link.b.inject(&part);
        opened.link.b.expect_silence();
    }
    opened
        .link
        .b
        .inject(&bindrune_hostile::acl(LINK, &bindrune_hostile::l2cap(ATT, &hex!("0a 0300"))));
    opened.link.b.expect(ATT, &[&[&[0x0b], NAME].concat()]);
    opened
}
