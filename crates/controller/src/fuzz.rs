//! Bodies for fuzzers: any input must end, without a panic.

use embassy_time::{Duration, Instant};

use crate::{Air, ControllerConfig, ControllerId};

/// Runs two hosts as `data` says, in steps: which host, the time until then, the number of octets, and the
/// octets.
pub fn hosts(data: &[u8]) {
    let mut air = Air::new(0);
    let config = ControllerConfig::new().command_latency(Duration::MIN);
    let ids = [(); 2].map(|()| air.add(config.clone()));
    let mut now = Instant::from_ticks(0);
    for (id, octets) in ids.iter().zip([ADVERTISE, CONNECT]) {
        for command in octets {
            air.receive(*id, now, command);
            drain(&mut air, *id);
        }
    }
    let mut rest = data;
    while let [who, wait, len, tail @ ..] = rest {
        let (octets, tail) = tail.split_at_checked(usize::from(*len)).unwrap_or((tail, &[]));
        rest = tail;
        now = now.saturating_add(Duration::from_micros(u64::from(*wait).saturating_mul(500)));
        let id = if who & 1 == 0 { ids.first() } else { ids.last() };
        let Some(&id) = id else { return };
        air.receive(id, now, octets);
        if who & 2 == 0 {
            drain(&mut air, id);
        }
    }
}

fn drain(air: &mut Air, id: ControllerId) {
    while air.transmit(id).is_some() {}
}

/// All events on; legacy advertising, connectable, on.
const ADVERTISE: [&[u8]; 3] = [
    &[1, 1, 0x0c, 8, 255, 255, 255, 255, 255, 255, 255, 255],
    &[1, 1, 0x20, 8, 255, 255, 255, 255, 255, 255, 255, 255],
    &[1, 0x0a, 0x20, 1, 1],
];

/// All events on; Create Connection to the first controller, interval 7.5 ms, timeout 1 s.
const CONNECT: [&[u8]; 3] = [
    &[1, 1, 0x0c, 8, 255, 255, 255, 255, 255, 255, 255, 255],
    &[1, 1, 0x20, 8, 255, 255, 255, 255, 255, 255, 255, 255],
    &[
        1, 0x0d, 0x20, 25, 16, 0, 16, 0, 0, 0, 1, 0, 0, 1, 0xac, 0xbe, 0, 6, 0, 6, 0, 0, 0, 100, 0,
        0, 0, 0, 0,
    ],
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_hosts_connect() {
        let mut air = Air::new(0);
        let config = ControllerConfig::new().command_latency(Duration::MIN);
        let ids = [(); 2].map(|()| air.add(config.clone()));
        for (id, octets) in ids.iter().zip([ADVERTISE, CONNECT]) {
            for command in octets {
                air.receive(*id, Instant::from_ticks(0), command);
                drain(&mut air, *id);
            }
        }
        air.handle_timeout(Instant::from_millis(100));
        assert_eq!(air.links.len(), 1);
    }

    proptest! {
        #[test]
        fn any_data(data: Vec<u8>) {
            hosts(&data);
        }
    }
}
