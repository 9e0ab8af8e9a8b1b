//! Bodies for fuzzers: any input must end, without a panic.

use embassy_time::{Duration, Instant};

use crate::{Air, ClassicConfig, ControllerConfig, ControllerId};

/// Runs two hosts as `data` says, in steps: which host, the time until then, the number of octets, and the
/// octets.
pub fn hosts(data: &[u8]) {
    let mut air = Air::new(0);
    let config = ControllerConfig::new().command_latency(Duration::MIN);
    let ids = [(); 2].map(|()| air.add(config.clone()));
    for (id, octets) in ids.iter().zip([ADVERTISE, CONNECT]) {
        for command in octets {
            air.receive(*id, Instant::from_ticks(0), command);
            drain(&mut air, *id);
        }
    }
    run(air, ids, Instant::from_ticks(0), data);
}

/// The same with a BR/EDR link between the two hosts.
pub fn classic_hosts(data: &[u8]) {
    let (air, ids, now) = classic_link();
    run(air, ids, now, data);
}

/// Returns two controllers with a BR/EDR link.
fn classic_link() -> (Air, [ControllerId; 2], Instant) {
    let mut air = Air::new(0);
    let config =
        ControllerConfig::new().command_latency(Duration::MIN).classic(ClassicConfig::new());
    let ids = [(); 2].map(|()| air.add(config.clone()));
    let [first, second] = ids;
    let mut now = Instant::from_ticks(0);
    let steps = [(first, &PAGED[..]), (second, &PAGER[..]), (first, &[ACCEPT][..])];
    for (id, commands) in steps {
        for command in commands {
            air.receive(id, now, command);
            drain(&mut air, id);
        }
        now = now.saturating_add(Duration::from_secs(2));
        air.handle_timeout(now);
        ids.into_iter().for_each(|id| drain(&mut air, id));
    }
    (air, ids, now)
}

fn run(mut air: Air, ids: [ControllerId; 2], mut now: Instant, data: &[u8]) {
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

/// All events on; page and inquiry scan; Secure Simple Pairing.
const PAGED: [&[u8]; 3] = [
    &[1, 1, 0x0c, 8, 255, 255, 255, 255, 255, 255, 255, 255],
    &[1, 0x1a, 0x0c, 1, 3],
    &[1, 0x56, 0x0c, 1, 1],
];

/// All events on; Secure Simple Pairing; Create Connection to the first controller.
const PAGER: [&[u8]; 3] = [
    &[1, 1, 0x0c, 8, 255, 255, 255, 255, 255, 255, 255, 255],
    &[1, 0x56, 0x0c, 1, 1],
    &[1, 5, 4, 13, 1, 0, 0, 1, 0xac, 0xbe, 0x18, 0xcc, 1, 0, 0, 0, 1],
];

/// Accept Connection Request of the second controller, as peripheral.
const ACCEPT: &[u8] = &[1, 9, 4, 7, 2, 0, 0, 1, 0xac, 0xbe, 1];

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

    #[test]
    fn two_hosts_connect_by_page() {
        let (air, ..) = classic_link();
        assert_eq!(air.classic.len(), 1);
    }

    proptest! {
        #[test]
        fn any_data(data: Vec<u8>) {
            hosts(&data);
            classic_hosts(&data);
        }
    }
}
