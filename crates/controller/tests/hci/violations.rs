//! Errors of a host are answered as the specification requires, and counted.

use crate::bench::{Bench, MS, octets, parameters};
use bindrune_controller::{ControllerConfig, Violations};
use bindrune_hci::{
    RawHandle,
    cmd::baseband::{
        CompletedPackets, FlowControl, HostBufferSize, HostNumberOfCompletedPackets,
        SetControllerToHostFlowControl,
    },
    cmd::link::{Disconnect, ReadRssi},
};
use hex_literal::hex;

#[test]
fn commands() {
    let mut bench = Bench::new(1);
    let a = bench.add(ControllerConfig::new());
    assert_eq!(bench.raw(a, &hex!("01 ffff 00")), hex!("01"));
    assert_eq!(
        bench.raw(a, &hex!("01 0520 05 0102030405")),
        hex!("12"),
        "the address is too short"
    );
    assert_eq!(bench.command(a, &ReadRssi { handle: RawHandle::new(7) }), hex!("02 0700 00"));
    assert_eq!(bench.raw(a, &hex!("01 0620 0f 2000 1000 00 00 00 000000000000 07 00")), hex!("12"));
    assert_eq!(bench.air.violations(a), Violations { command_length: 1, ..Default::default() });
    bench.send(a, &hex!("01 1820 00" "01 1820 00"));
    bench.run(MS(10));
    assert_eq!(bench.air.violations(a).command_overrun, 1);
    let answers = bench.trace.iter().filter(|(_, _, p)| p[4..6] == hex!("1820")).count();
    assert_eq!(answers, 1, "the second command was ignored");
}

#[test]
fn a_command_before_its_credit_was_read() {
    let mut bench = Bench::new(2);
    let a = bench.add(ControllerConfig::new());
    bench.air.receive(a, bench.now, &hex!("01 1820 00"));
    bench.now += MS(5);
    bench.air.receive(a, bench.now, &hex!("01 1820 00"));
    assert_eq!(bench.air.violations(a).command_overrun, 1);
    bench.air.receive(a, bench.now, &hex!("01 030c 00"));
    assert_eq!(bench.air.violations(a).command_overrun, 1, "Reset is always allowed");
}

#[test]
fn acl() {
    let mut bench = Bench::new(3);
    let a = bench.add(ControllerConfig::new().acl_buffers(27, 3));
    let b = bench.add(ControllerConfig::new());
    let (handle, _) = bench.connect(a, b, parameters(80, 100));
    bench.acl(a, 0x123, &[0; 5]);
    bench.acl(a, handle, &[0; 28]);
    bench.event(a, 0x1a, &[0x01]);
    bench.acl(a, handle | 0x3000, &[0; 5]);
    for _ in 0..4 {
        bench.acl(a, handle, &[0; 5]);
    }
    bench.event(a, 0x1a, &[0x01]);
    let expected = Violations {
        acl_unknown_handle: 1,
        acl_too_long: 1,
        acl_flags: 1,
        acl_overrun: 1,
        ..Default::default()
    };
    assert_eq!(bench.air.violations(a), expected);
    assert_eq!(
        expected.to_string(),
        "1 acl_unknown_handle, 1 acl_too_long, 1 acl_overrun, 1 acl_flags"
    );
}

#[test]
fn traffic_that_races_a_disconnection_is_no_violation() {
    let mut bench = Bench::new(4);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new());
    let (handle, other) = bench.connect(a, b, parameters(24, 100));
    let reason = bindrune_hci::Status::REMOTE_USER_TERMINATED;
    bench.ok(b, &Disconnect { handle: RawHandle::new(other), reason });
    bench.now += MS(200);
    let packet = [hex!("02 4000 0100 00")].concat();
    bench.air.receive(a, bench.now, &packet);
    assert_eq!(bench.air.violations(a).total(), 0, "the host has not read the event");
    bench.read();
    bench.acl(a, handle, &[0]);
    assert_eq!(bench.air.violations(a).acl_unknown_handle, 1);
}

fn completed(handle: u16, count: u16) -> Vec<u8> {
    let links = &[CompletedPackets { handle: RawHandle::new(handle), count: count.into() }];
    octets(&HostNumberOfCompletedPackets { links })
}

#[test]
fn host_flow_control_withholds_and_counts() {
    let mut bench = Bench::new(5);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new());
    bench.ok(b, &SetControllerToHostFlowControl { flow_control: FlowControl::ACL });
    bench.ok(
        b,
        &HostBufferSize {
            acl_len: 20.into(),
            synchronous_len: 0,
            acl_count: 2.into(),
            synchronous_count: 0.into(),
        },
    );
    let (central, peripheral) = bench.connect(a, b, parameters(24, 100));
    for n in 0..4 {
        bench.acl(a, central, &[n; 25]);
    }
    bench.run(MS(300));
    let got = |bench: &Bench| bench.trace.iter().filter(|(_, to, p)| *to == b && p[0] == 2).count();
    assert_eq!(got(&bench), 2, "two buffers, two packets");
    bench.send(b, &completed(peripheral, 2));
    assert_eq!(got(&bench), 4);
    bench.send(b, &completed(peripheral, 2));
    bench.send(b, &completed(peripheral, 2));
    bench.run(MS(300));
    assert_eq!(got(&bench), 8);
    let acl: Vec<_> = bench.trace.iter().filter(|(_, to, p)| *to == b && p[0] == 2).collect();
    assert_eq!(acl[6].2[..6], hex!("02 4020 1400 03"));
    assert_eq!(acl[7].2[..6], hex!("02 4010 0500 03"));
    assert_eq!(bench.air.violations(b).total(), 0);

    bench.send(b, &completed(peripheral, 3));
    bench.send(b, &completed(0x77, 1));
    bench.send(b, &hex!("01 350c 02 01 40"));
    let expected = Violations {
        host_completed_excess: 1,
        host_completed_unknown_handle: 1,
        host_completed_malformed: 1,
        ..Default::default()
    };
    assert_eq!(bench.air.violations(b), expected);
}

#[test]
fn a_host_that_reads_nothing_stalls_its_peer_only() {
    let mut bench = Bench::new(6);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new().receive_buffers(4));
    bench.ok(b, &SetControllerToHostFlowControl { flow_control: FlowControl::ACL });
    bench.ok(
        b,
        &HostBufferSize {
            acl_len: 251.into(),
            synchronous_len: 0,
            acl_count: 1.into(),
            synchronous_count: 0.into(),
        },
    );
    let (central, peripheral) = bench.connect(a, b, parameters(24, 100));
    for _ in 0..8 {
        bench.acl(a, central, &[0; 20]);
    }
    bench.run(MS(5000));
    let free =
        |bench: &Bench| bench.trace.iter().filter(|(_, to, p)| *to == a && p[1] == 0x13).count();
    assert_eq!(
        free(&bench),
        5,
        "one at the host, four in the controller, the rest is not acknowledged"
    );
    for _ in 0..7 {
        bench.send(b, &completed(peripheral, 1));
        bench.run(MS(100));
    }
    assert_eq!(free(&bench), 8);
    assert_eq!(bench.air.violations(b).total(), 0);
}

#[test]
fn lost_sync_ends_with_reset() {
    let mut bench = Bench::new(7);
    let a = bench.add(ControllerConfig::new());
    bench.send(a, &hex!("04 0e 04 02 030c 00"));
    bench.event(a, 0x10, &[0xfe]);
    bench.send(a, &hex!("01 1820 00"));
    bench.run(MS(10));
    assert!(bench.trace.is_empty());
    bench.start(a);
    assert_eq!(bench.air.violations(a), Violations { sync_lost: 1, ..Default::default() });
}
