//! Received data, read as bytes without SDU boundaries.

use super::*;

impl Link {
    fn available(&self) -> usize {
        self.channels.available(0, &self.rx)
    }

    /// Reads into a buffer of `room` bytes.
    fn bytes(&mut self, room: usize) -> Vec<u8> {
        let mut buffer = vec![0; room];
        let len = self.channels.read(0, &mut buffer, &mut self.rx);
        buffer.truncate(len);
        buffer
    }
}

#[test]
fn bytes_are_read_over_the_boundaries_of_sdus() {
    let mut link = with_window(100, 64, 8);
    assert_eq!((link.available(), link.bytes(9)), (0, vec![]));
    assert_eq!(frame(&mut link, &hex!("0300 616263")), Received::Readable(0));
    assert_eq!(frame(&mut link, &hex!("0000")), Received::Readable(0));
    assert_eq!(frame(&mut link, &hex!("0500 6465")), Received::Kept(0));
    assert_eq!(link.available(), 5);
    assert_eq!((link.bytes(2), link.available()), (b"ab".to_vec(), 3));
    assert_eq!(
        frame(&mut link, &hex!("66")),
        Received::Readable(0),
        "the first SDU is partly read"
    );
    assert_eq!((link.bytes(0), link.available()), (vec![], 4));
    assert_eq!((link.bytes(3), link.available()), (b"cde".to_vec(), 1));
    assert_eq!(frame(&mut link, &hex!("6768")), Received::Readable(0), "the SDU is partly read");
    assert_eq!((link.bytes(99), link.available()), (b"fgh".to_vec(), 0));
    assert_eq!(link.channels.readable(0, &link.rx), Readable::Nothing);
    link.release(0);
    assert!(link.leaks_nothing());
}

#[test]
fn the_rest_of_an_sdu_is_read_in_any_way() {
    let mut link = open();
    for _ in 0..3 {
        assert_eq!(frame(&mut link, &hex!("0400 61626364")), Received::Readable(0));
    }
    assert_eq!(link.bytes(1), b"a");
    assert_eq!(link.sdu(0), Some(b"bcd".to_vec()));
    assert_eq!(link.bytes(3), b"abc");
    let chunk = link.channels.next_chunk(0, &mut link.rx).unwrap();
    assert_eq!((chunk.packet.bytes(), chunk.first, chunk.last), (&b"d"[..], false, true));
    assert_eq!(link.available(), 4);
    link.channels.give_back(0, chunk.packet, &mut link.rx);
    assert_eq!((link.bytes(9), link.sdu(0)), (b"abcd".to_vec(), None));
    assert!(!link.transmitted().is_empty(), "credits");
    link.release(0);
    assert!(link.leaks_nothing());
}

#[test]
fn an_sdu_length_alone_gives_no_bytes() {
    let mut link = open();
    assert_eq!(frame(&mut link, &hex!("0200")), Received::Kept(0));
    assert_eq!((link.available(), link.bytes(9)), (0, vec![]));
    assert_eq!(frame(&mut link, &hex!("61")), Received::Readable(0));
    assert_eq!(link.bytes(9), b"a");
    assert_eq!(frame(&mut link, &hex!("62")), Received::Readable(0));
    assert_eq!(frame(&mut link, &hex!("0100 63")), Received::Readable(0));
    assert_eq!(link.bytes(9), b"bc");
    link.release(0);
    assert!(link.leaks_nothing());
}

#[test]
fn frames_of_any_size_deliver_the_bytes_that_were_sent() {
    let mut seed = 1_u32;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % limit
    };
    for _ in 0..50 {
        let mut link = with_window(150, 64, 5);
        let (mut sent, mut read, mut left) = (Vec::new(), Vec::new(), 0);
        for _ in 0..200 {
            let granted = link.channels.get(0).unwrap().rx.granted();
            if granted > 0 && below(2) == 0 {
                let mut payload = Vec::new();
                if left == 0 {
                    left = below(151);
                    payload.extend((left as u16).to_le_bytes());
                }
                let len = below(MAX - payload.len() + 1).min(left);
                let data: Vec<u8> = (0..len).map(|n| (sent.len() + n) as u8).collect();
                payload.extend(&data);
                sent.extend(&data);
                left -= len;
                assert!(!matches!(frame(&mut link, &payload), Received::Violation(..)));
            } else {
                let part = link.bytes(below(100));
                read.extend(part);
            }
            assert_eq!(link.available(), sent.len() - read.len());
            while !link.transmitted().is_empty() {}
        }
        read.extend(link.bytes(1000));
        assert_eq!(read, sent);
        link.release(0);
        assert!(link.leaks_nothing());
    }
}
