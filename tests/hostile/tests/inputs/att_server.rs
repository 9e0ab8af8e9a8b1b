//! The GATT server on an open link. [Vol 3] Part F

use bindrune_corpus::Row;
use bindrune_hostile::{acl, l2cap};
use hex_literal::hex;

use crate::{
    parts,
    scene::{
        ASKED, ATT, EIGHTEEN, LEVEL, LINK, Linked, SECRET, STRICT, THIRTY, VALUE, advertise,
        connection_complete, link, linked, retarget, works,
    },
};

/// Checks that each part is refused as a malformed request.
fn malformed(row: &Row) {
    let mut s = linked();
    for part in parts(row) {
        s.b.inject(&part);
        s.b.expect(ATT, &[&[0x01, part[9], 0, 0, 0x04]]);
    }
    s.is_as_before();
}

impl Linked {
    /// Returns the answer to one request.
    #[track_caller]
    fn asks(&mut self, packet: &[u8]) -> Vec<u8> {
        self.b.sent();
        self.b.inject(packet);
        let mut frames = self.b.frames();
        assert_eq!(frames.len(), 1, "{frames:02x?}");
        let (handle, frame) = frames.remove(0);
        assert_eq!((handle, &frame[2..4]), (LINK, &ATT.to_le_bytes()[..]));
        frame[4..].to_vec()
    }

    fn asks_att(&mut self, pdu: &[u8]) -> Vec<u8> {
        self.asks(&acl(LINK, &l2cap(ATT, pdu)))
    }

    fn value(&self) -> Vec<u8> {
        let mut value = [0; 512];
        let len = self.b.host.gatt().read(&VALUE, &mut value).unwrap();
        value[..len].to_vec()
    }
}

/// Returns an Error Response.
fn error(request: u8, handle: u16, code: u8) -> Vec<u8> {
    let [low, high] = handle.to_le_bytes();
    vec![0x01, request, low, high, code]
}

cases! {
    q01: |row| linked().ignores(row),
    q02: |row| linked().answers(row, &[&hex!("01 22 0000 06"), &hex!("01 3f 0000 06")]),
    q04: |row| linked().ignores(row),
    q05: |row| {
        let mut s = linked();
        for part in parts(row) {
            assert_eq!(s.asks(&part), hex!("03 f700"));
            assert_eq!(s.conn.mtu(), Ok(23));
        }
        s.is_as_before();
    },
    q06: |row| {
        let mut s = linked();
        assert_eq!(s.asks(&parts(row)[0]), hex!("03 f700"));
        assert_eq!(s.conn.mtu(), Ok(247));
        s.is_as_before();
    },
    q08: malformed,
    q09: malformed,
    q10: malformed,
    q12: malformed,
    q13: malformed,
    q14: malformed,
    q16: malformed,
    q17: malformed,
    q18: malformed,
    q20: malformed,
    q21: malformed,
    q22: malformed,
    q24: malformed,
    q25: malformed,
    q26: |row| linked().answers(
        row,
        &[&hex!("01 04 0000 01"), &hex!("01 04 0500 01"), &hex!("01 0a 0000 01")],
    ),
    q28: |row| linked().answers(row, &[&hex!("01 0c 0300 07"), &hex!("0d"), &hex!("01 0c 0300 07")]),
    q29: |row| {
        // The values of 18 and 30 octets have other handles in this table.
        let mut s = linked();
        let places = [(3, s.handle(&EIGHTEEN)), (5, s.handle(&THIRTY))];
        let answer = s.asks(&retarget(&parts(row)[0], &places));
        assert_eq!(answer, [&hex!("21 1200")[..], &[b'e'; 18], &hex!("1e00")].concat());
        assert_eq!(answer.len(), 23);
        s.is_as_before();
    },
    q30: |row| {
        let mut s = linked();
        let places = [(3, s.handle(&THIRTY))];
        assert_eq!(s.asks(&retarget(&parts(row)[0], &places)), hex!("01 20 99ff 01"));
        s.is_as_before();
    },
    q32: |row| {
        let mut s = linked();
        let handle = s.handle(&VALUE);
        let parts = parts(row);
        assert_eq!(parts.len(), 10_000);
        let request = retarget(&parts[0], &[(3, handle)]);
        let full = error(0x16, handle, 0x09);
        // Repeated writes of the same octets take no more room than one.
        for _ in 0..parts.len() {
            assert_eq!(s.asks(&request)[0], 0x17);
        }
        // Writes to other positions do.
        let apart = |n: usize| {
            let mut request = request.clone();
            request[12..14].copy_from_slice(&(n as u16 % 1000 * 20 + 1).to_le_bytes());
            request
        };
        let taken = (0..parts.len()).filter(|&n| s.asks(&apart(n)) != full).count();
        assert!(taken < 100, "{taken}");
        // Another client has its own queue.
        let (other, _) = link(&mut s.b, 0x41);
        s.b.inject(&acl(0x41, &request[5..]));
        assert_eq!(s.b.frames()[0].1[4], 0x17);
        drop(other);
        // The queue is empty after a cancel, and after the link ended.
        assert_eq!(s.asks_att(&hex!("18 00")), hex!("19"));
        assert_eq!(s.asks(&request)[0], 0x17);
        assert!((1..100).any(|n| s.asks(&apart(n)) == full));
        s.b.inject(&hex!("0405 04 00 4000 13"));
        let (_, conn, _) = advertise(&mut s.b);
        s.b.inject(&connection_complete(LINK, 1));
        assert!(conn.borrow().is_some());
        assert_eq!(s.asks(&request)[0], 0x17);
        assert_eq!(s.value(), b"0123456789");
        works(&mut s.b, LINK);
    },
    q33: |row| {
        let mut s = linked();
        let handle = s.handle(&VALUE);
        let parts = parts(row);
        let echo = s.asks(&retarget(&parts[0], &[(3, handle)]));
        assert_eq!(echo[..5], [&[0x17][..], &handle.to_le_bytes(), &[0xff, 0xff]].concat());
        let executed = s.asks(&parts[1]);
        assert!([error(0x18, handle, 0x07), error(0x18, handle, 0x0d)].contains(&executed), "{executed:02x?}");
        assert_eq!(s.value(), b"0123456789");
        assert_eq!(s.asks(&parts[1]), hex!("19"));
        s.is_as_before();
    },
    q34: |row| {
        let mut s = linked();
        let (_other, _) = link(&mut s.b, 0x41);
        let handle = s.handle(&VALUE);
        let parts = parts(row);
        assert_eq!(s.asks(&retarget(&parts[0], &[(3, handle)]))[0], 0x17);
        s.b.inject(&parts[1]);
        assert_eq!(s.b.frames(), [(0x41, l2cap(ATT, &[0x19]))]);
        assert_eq!(s.value(), b"0123456789");
        assert_eq!(s.asks_att(&hex!("18 01")), hex!("19"));
        assert_eq!(s.value()[0], b'A');
    },
    q36: |row| {
        let mut s = linked();
        let handle = s.handle(&ASKED);
        let parts: Vec<_> = parts(row).iter().map(|part| retarget(part, &[(3, handle)])).collect();
        let [first, execute, second] = &parts[..] else { panic!() };
        assert_eq!(s.asks(first)[0], 0x17);
        assert_eq!(s.asks(execute), error(0x18, handle, 0x80));
        assert_eq!(s.asks(second)[0], 0x17);
        assert_eq!(s.asks_att(&hex!("18 00")), hex!("19"));
        s.is_as_before();
    },
    q40: |row| {
        let mut s = linked();
        let cccd = s.handle(&SECRET) + 1;
        let answer = s.asks(&retarget(&parts(row)[0], &[(4, cccd)]));
        assert!([error(0x12, cccd, 0x05), error(0x12, cccd, 0x0f)].contains(&answer), "{answer:02x?}");
        let conn = s.conn.clone();
        let notified = s.b.spawn(async move { conn.notify(&SECRET, &[7]).await });
        assert!(notified.take().is_err());
        s.b.expect_silence();
        s.is_as_before();
    },
    q41: |row| {
        let mut s = linked();
        let cccd = s.handle(&LEVEL) + 1;
        let parts: Vec<_> = parts(row).iter().map(|part| retarget(part, &[(4, cccd)])).collect();
        assert_eq!(s.asks(&parts[0]), error(0x12, cccd, 0x0d));
        assert_eq!(s.asks(&parts[1]), error(0x12, cccd, 0x0d));
        let reserved = s.asks(&parts[2]);
        assert!([vec![0x13], error(0x12, cccd, 0x13)].contains(&reserved), "{reserved:02x?}");
        let [low, high] = cccd.to_le_bytes();
        let read = s.asks_att(&[0x0a, low, high]);
        assert!(read[1] & !3 == 0 && read[2] == 0, "{read:02x?}");
        s.is_as_before();
    },
    q42: |row| {
        // Client Supported Features have the handle 0x000f in this table.
        let mut s = linked();
        assert_eq!(s.asks_att(&hex!("12 0f00 07")), hex!("13"));
        let parts: Vec<_> = parts(row).iter().map(|part| retarget(part, &[(0x0b, 0x0f)])).collect();
        assert_eq!(s.asks(&parts[0]), error(0x12, 0x0f, 0x13));
        let long = s.asks(&parts[1]);
        assert!([vec![0x13], error(0x12, 0x0f, 0x0d), error(0x12, 0x0f, 0x13)].contains(&long), "{long:02x?}");
        assert_eq!(s.asks_att(&hex!("0a 0f00")), hex!("0b 07"));
        s.is_as_before();
    },
    q45: |row| {
        let mut s = linked();
        let handle = s.handle(&STRICT);
        let answer = s.asks(&retarget(&parts(row)[0], &[(3, handle)]));
        assert_eq!(answer, error(0x0a, handle, 0x05));
        s.is_as_before();
    },
}
