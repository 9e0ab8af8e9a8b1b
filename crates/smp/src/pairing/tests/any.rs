//! Any octets in any state.

use std::vec::Vec;

use proptest::prelude::*;

use super::open;
use crate::{
    Config, IoCapability, Role, fuzz,
    testing::{Device, NOW, converse},
};

proptest! {
    #[test]
    fn any_octets_are_survived(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        fuzz::pdu(&data);
        fuzz::bond(&data);
        fuzz::pairing(&data);
    }

    /// A PDU with any code, at any moment of a pairing with any method, to either side.
    #[test]
    fn a_pdu_out_of_order_ends_the_pairing_or_changes_nothing(
        moment in 0usize..90,
        code in 0u8..16,
        tail in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..20),
            proptest::collection::vec(any::<u8>(), 16),
            proptest::collection::vec(any::<u8>(), 64),
        ],
        flags in any::<u8>(),
        io in (0u8..5, 0u8..5),
    ) {
        let config = |io: u8| Config {
            io: IoCapability::from_wire(io),
            mitm: flags & 1 != 0,
            secure_connections: flags & 2 != 0,
            ..open()
        };
        let mut a = Device::new(Role::Initiator, config(io.0));
        let mut b = Device::new(Role::Responder, config(io.1));
        (a.passkey, b.passkey) = (Some(0), Some(0));
        a.pairing.start(NOW).unwrap();
        for _ in 0..moment {
            a.settle();
            b.settle();
            if let Some(pdu) = a.transmit() {
                b.pairing.handle_pdu(NOW, &pdu);
            } else if let Some(pdu) = b.transmit() {
                a.pairing.handle_pdu(NOW, &pdu);
            }
        }
        let pdu: Vec<u8> = core::iter::once(code).chain(tail).collect();
        let victim = if flags & 4 != 0 { &mut a } else { &mut b };
        victim.pairing.handle_pdu(NOW, &pdu);
        converse(&mut a, &mut b);
        if let (Some(mine), Some(theirs)) = (&a.outcome, &b.outcome) {
            prop_assert_eq!(&mine.keys.local, &theirs.keys.peer);
            prop_assert_eq!(mine.level, theirs.level);
        }
    }
}
