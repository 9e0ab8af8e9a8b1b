//! ACL packets: their types, sizes and slots. [Vol 2] Part B, 6.5.4

use embassy_time::Duration;

/// Returns the time of slots of 625 µs.
pub(in crate::classic) fn slots(count: u32) -> Duration {
    Duration::from_micros(u64::from(count).saturating_mul(625))
}

/// All packets of 1, 3 and 5 slots, with and without Enhanced Data Rate. [Vol 4] Part E, 7.1.5
pub(super) const ALL_TYPES: u16 = 0xcc18;

/// Bit of Packet_Type; whether the bit forbids the packet; slots; octets of user payload.
const TYPES: [(u16, bool, u8, usize); 12] = [
    (0x0008, false, 1, 17),
    (0x0010, false, 1, 27),
    (0x0002, true, 1, 54),
    (0x0004, true, 1, 83),
    (0x0400, false, 3, 121),
    (0x0800, false, 3, 183),
    (0x0100, true, 3, 367),
    (0x0200, true, 3, 552),
    (0x4000, false, 5, 224),
    (0x8000, false, 5, 339),
    (0x1000, true, 5, 679),
    (0x2000, true, 5, 1021),
];

/// Returns slots and octets of the packet for `rest` octets: the one of the fewest slots that holds all, otherwise
/// the one that holds the most. DM1 is always allowed.
pub(super) fn choose(types: u16, enhanced: bool, rest: usize) -> (u8, usize) {
    let allowed = TYPES.iter().filter(|&&(bit, forbids, _, octets)| {
        octets == 17 || if forbids { enhanced && types & bit == 0 } else { types & bit != 0 }
    });
    let mut best = (1, 17);
    for &(_, _, slots, octets) in allowed {
        let (_, held) = best;
        if held < rest && octets > held {
            best = (slots, octets);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_packet_that_holds_all() {
        assert_eq!(choose(ALL_TYPES, true, 17), (1, 17));
        assert_eq!(choose(ALL_TYPES, true, 18), (1, 27));
        assert_eq!(choose(ALL_TYPES, true, 84), (3, 121));
        assert_eq!(choose(ALL_TYPES, false, 84), (3, 121));
        assert_eq!(choose(ALL_TYPES, true, 553), (5, 679));
        assert_eq!(choose(ALL_TYPES, true, 5000), (5, 1021));
        assert_eq!(choose(ALL_TYPES, false, 5000), (5, 339));
        assert_eq!(choose(0x3306, true, 5000), (1, 17), "only DM1");
        assert_eq!(choose(0x330e, true, 10), (1, 17));
        assert_eq!(choose(0x3f1e, false, 200), (3, 183), "no packets of 5 slots");
    }
}
