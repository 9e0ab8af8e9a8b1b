//! The minimum cost: reads the headers of a packet, and copies its payload twice.

use std::hint::black_box;

/// Handles `count` packets of a channel without a host, and returns their number.
pub(crate) fn packets(count: u64) -> u64 {
    let mut packet = vec![2, 0x40, 0x20, 251, 0, 247, 0, 4, 0, 0x1b, 0x10, 0];
    packet.resize(256, 0x5a);
    let (mut pdu, mut value) = ([0; 264], [0; 264]);
    let whole = |_: &u64| pass(black_box(&packet), &mut pdu, &mut value) == 247;
    (0..count).filter(whole).count() as u64
}

#[inline(never)]
fn pass(packet: &[u8], pdu: &mut [u8], value: &mut [u8]) -> usize {
    let &[2, low, high, len_low, len_high, ref data @ ..] = packet else { return 0 };
    let len = usize::from(u16::from_le_bytes([len_low, len_high]));
    if u16::from_le_bytes([low, high]) & 0xfff == 0 || len > pdu.len() {
        return 0;
    }
    pdu[..len].copy_from_slice(&data[..len]);
    let payload = usize::from(u16::from_le_bytes([pdu[0], pdu[1]]));
    value[..payload].copy_from_slice(&pdu[4..4 + payload]);
    payload
}
