//! Any octets, operations and times are answered, without a panic or a hang.

use bindrune_controller::ControllerConfig;
use embassy_time::Duration;
use proptest::{collection::vec, prelude::*};

use crate::bench::{Bench, parameters};

/// Generates a command with a known group, so that most are executed.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let le = (1u8..0x4f, vec(any::<u8>(), 0..40)).prop_map(|(ocf, p)| (ocf, 0x20, p));
    let other = (any::<u8>(), any::<u8>(), vec(any::<u8>(), 0..16));
    prop_oneof![4 => le, 1 => other].prop_map(|(a, b, parameters)| {
        let mut packet = vec![0x01, a, b, parameters.len() as u8];
        packet.extend(parameters);
        packet
    })
}

fn acl() -> impl Strategy<Value = Vec<u8>> {
    (0x3fu8..0x42, 0u8..64, vec(any::<u8>(), 0..300)).prop_map(|(handle, flags, data)| {
        let [low, high] = (data.len() as u16).to_le_bytes();
        let mut packet = vec![0x02, handle, flags & 0xf0, low, high];
        packet.extend(data);
        packet
    })
}

fn packet() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![6 => command(), 3 => acl(), 1 => vec(any::<u8>(), 0..20)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_host_behaviour_is_answered(
        steps in vec((0..2usize, packet(), 0u64..50_000, 0u8..30), 0..60),
    ) {
        let mut bench = Bench::new(1);
        let ids = [(); 2].map(|()| bench.add(ControllerConfig::new()));
        bench.connect(ids[0], ids[1], parameters(6, 100));
        for (who, octets, micros, loss) in steps {
            bench.air.set_loss(loss);
            bench.send(ids[who], &octets);
            bench.run(Duration::from_micros(micros));
        }
        for id in ids {
            // This ends any packet that was begun; then sync is lost.
            bench.send(id, &[0xff; 70_000]);
            bench.start(id);
        }
        bench.connect(ids[0], ids[1], parameters(6, 100));
    }
}
