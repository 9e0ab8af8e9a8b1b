//! Body of the fuzz target.

use crate::{Body, Capture, Decoder, Direction, Entry};

/// Records of the packets in an input: a direction and a length, then the packet. The capture formats take the same
/// octets.
///
/// # Panics
///
/// If an entry breaks a rule of the decoder: each has a summary in one line, and a direction that is the packet's.
pub fn decode(data: &[u8]) {
    let mut decoder = Decoder::new();
    let mut rest = data;
    let mut time = 0u64;
    while let Some((&[head, len], tail)) = rest.split_first_chunk() {
        let (packet, tail) = tail.split_at_checked(len.into()).unwrap_or((tail, &[]));
        rest = tail;
        time = time.saturating_add(u64::from(head >> 1));
        let direction = if head & 1 == 0 { Direction::ToController } else { Direction::ToHost };
        let entry = decoder.packet(Some(time), direction, packet);
        assert_eq!((entry.direction, entry.time), (direction, Some(time)));
        check(&entry);
    }
    decoder.finish().iter().for_each(check);
    capture(data);
}

/// Any octets as a capture file.
fn capture(data: &[u8]) {
    let Ok(mut capture) = Capture::new(data) else { return };
    let mut decoder = Decoder::new();
    while let Ok(Some(packet)) = capture.packet() {
        let entry = match packet.body {
            Body::Hci(octets) => decoder.packet(packet.time, packet.direction, &octets),
            Body::Other(text) => decoder.note(packet.time, &text),
        };
        check(&entry);
    }
}

fn check(entry: &Entry) {
    assert!(!entry.summary.is_empty());
    assert!(!entry.summary.contains(|c: char| c.is_control()), "{:?}", entry.summary);
    assert!(entry.violations.iter().all(|violation| !violation.text.is_empty()));
}
