//! Procedures that hosts request on a link: parameters, data length, PHY, features, version,
//! encryption.

use bindrune_controller::{ControllerConfig, ControllerId};
use bindrune_hci::{
    PhyMask, RawHandle, SecretKey, Status,
    cmd::{le, link::ReadRemoteVersionInformation},
};
use hex_literal::hex;

use crate::bench::{Bench, MS, parameters};

const HANDLE: RawHandle = RawHandle::new(0x40);

fn pair(config: ControllerConfig) -> (Bench, [ControllerId; 2]) {
    let mut bench = Bench::new(1);
    let ids = [(); 2].map(|()| bench.add(config.clone()));
    bench.connect(ids[0], ids[1], parameters(24, 100));
    (bench, ids)
}

fn update(interval: u16) -> le::ConnectionUpdate {
    le::ConnectionUpdate { handle: HANDLE, connection: parameters(interval, 200) }
}

fn accept(interval: u16) -> le::RemoteConnectionParameterRequestReply {
    le::RemoteConnectionParameterRequestReply {
        handle: HANDLE,
        connection: parameters(interval, 200),
    }
}

#[test]
fn parameters_that_the_peers_host_accepts() {
    for asks in [0, 1] {
        let (mut bench, ids) = pair(ControllerConfig::new());
        bench.ok(ids[asks], &update(40));
        let request = bench.event(ids[1 - asks], 0x3e, &[0x06]);
        assert_eq!(request, hex!("06 4000 2800 2800 0000 c800"));
        bench.ok(ids[1 - asks], &accept(40));
        bench.run(MS(500));
        for id in ids {
            let complete = hex!("04 3e 0a 03 00 4000 2800 0000 c800");
            assert_eq!(
                bench.trace.iter().filter(|(_, to, p)| *to == id && *p == complete).count(),
                1
            );
        }
    }
}

#[test]
fn parameters_that_the_peers_host_refuses() {
    for asks in [0, 1] {
        let (mut bench, ids) = pair(ControllerConfig::new());
        bench.ok(ids[asks], &update(40));
        assert_eq!(bench.command(ids[asks], &update(48)), [0x0c], "only one update at a time");
        bench.event(ids[1 - asks], 0x3e, &[0x06]);
        let reason = Status::UNACCEPTABLE_PARAMETERS;
        let no = le::RemoteConnectionParameterRequestNegativeReply { handle: HANDLE, reason };
        bench.ok(ids[1 - asks], &no);
        assert_eq!(bench.command(ids[1 - asks], &no), hex!("0c 4000"));
        assert_eq!(bench.event(ids[asks], 0x3e, &[0x03])[..6], hex!("03 3b 4000 1800"));
    }
}

#[test]
fn a_host_that_does_not_want_to_be_asked() {
    let (mut bench, ids) = pair(ControllerConfig::new());
    for id in ids {
        bench.ok(id, &le::SetEventMask { mask: 0x1f.into() });
    }
    bench.ok(ids[1], &update(40));
    assert_eq!(bench.event(ids[1], 0x3e, &[0x03])[1], 0x1a, "the central's host is not asked");
    bench.ok(ids[0], &update(40));
    assert_eq!(
        bench.event(ids[0], 0x3e, &[0x03])[1],
        0,
        "the central may update the parameters anyway"
    );
}

#[test]
fn without_the_procedure_only_the_central_may_update_parameters() {
    let (mut bench, ids) = pair(ControllerConfig::new().parameter_request(false));
    assert_eq!(bench.command(ids[1], &update(40)), [0x1a]);
    bench.ok(ids[0], &update(40));
    bench.event(ids[1], 0x3e, &hex!("03 00 4000 2800"));
    assert_eq!(bench.command(ids[0], &update(5)), [0x12]);
}

#[test]
fn data_length_changes_at_both_ends() {
    let (mut bench, ids) = pair(ControllerConfig::new());
    let set = le::SetDataLength { handle: HANDLE, tx_octets: 100.into(), tx_time: 2120.into() };
    bench.ok(ids[0], &set);
    assert_eq!(bench.event(ids[1], 0x3e, &[0x07]), hex!("07 4000 1b00 4801 6400 4808"));
    assert_eq!(bench.event(ids[0], 0x3e, &[0x07]), hex!("07 4000 6400 4808 1b00 4801"));
    let (handle, tx_time) = (HANDLE, 2120.into());
    let bad = le::SetDataLength { handle, tx_octets: 26.into(), tx_time };
    assert_eq!(bench.command(ids[0], &bad), hex!("12 4000"));
}

#[test]
fn suggested_lengths_apply_to_new_links() {
    let mut bench = Bench::new(2);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new().data_length(64));
    let suggested =
        le::WriteSuggestedDefaultDataLength { tx_octets: 251.into(), tx_time: 2120.into() };
    bench.ok(a, &suggested);
    assert_eq!(bench.ok(a, &le::ReadMaximumDataLength), hex!("00 fb00 4808 fb00 4808"));
    bench.connect(a, b, parameters(24, 100));
    assert_eq!(bench.event(a, 0x3e, &[0x07]), hex!("07 4000 4000 7002 1b00 4801"));
}

#[test]
fn phys_change_if_both_ends_support_them() {
    let two = PhyMask::LE_2M;
    let set = le::SetPhy { handle: HANDLE, no_preference: 0, tx: two, rx: two, options: 0.into() };
    for asks in [0, 1] {
        let (mut bench, ids) = pair(ControllerConfig::new());
        bench.ok(ids[asks], &set);
        for id in ids {
            bench.wait(id, MS(1000), |p| (p[1..] == hex!("3e 06 0c 00 4000 02 02")).then_some(()));
        }
    }
    let mut bench = Bench::new(1);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new().phy_2m(false));
    bench.connect(a, b, parameters(24, 100));
    bench.ok(a, &set);
    assert_eq!(bench.event(a, 0x3e, &[0x0c]), hex!("0c 1a 4000 01 01"));
    assert_eq!(bench.command(b, &set), [0x01]);
}

#[test]
fn features_and_version_of_the_peer() {
    let (mut bench, ids) = pair(ControllerConfig::new().manufacturer(0x05f1));
    for id in [ids[0], ids[1], ids[0]] {
        bench.ok(id, &le::ReadRemoteFeatures { handle: HANDLE });
        bench.ok(id, &ReadRemoteVersionInformation { handle: HANDLE });
        bench.event(id, 0x0c, &hex!("00 4000 0c f105"));
    }
    bench.ok(ids[0], &le::ReadRemoteFeatures { handle: HANDLE });
    assert_eq!(bench.event(ids[0], 0x3e, &[0x04]), hex!("04 00 4000 7f51000000000000"));
}

fn encrypt(key: u8) -> le::EnableEncryption {
    le::EnableEncryption {
        handle: HANDLE,
        random_number: 0x0807_0605_0403_0201.into(),
        encrypted_diversifier: 0x1234.into(),
        key: SecretKey([key; 16]),
    }
}

#[test]
fn encryption_starts_and_is_refreshed() {
    let (mut bench, ids) = pair(ControllerConfig::new());
    let yes = le::LongTermKeyRequestReply { handle: HANDLE, key: SecretKey([7; 16]) };
    for event in [&hex!("08 04 00 4000 01")[..], &hex!("30 03 00 4000")] {
        bench.ok(ids[0], &encrypt(7));
        let asked = bench.event(ids[1], 0x3e, &[0x05]);
        assert_eq!(asked, hex!("05 4000 0102030405060708 3412"));
        bench.ok(ids[1], &yes);
        for id in [ids[1], ids[0]] {
            bench.wait(id, MS(1000), |p| (p[1..] == *event).then_some(()));
        }
        bench.acl(ids[0], 0x40, &[1; 20]);
        bench.wait(ids[1], MS(1000), |p| (p[0] == 2).then_some(()));
    }
}

#[test]
fn without_the_key_the_link_stays_open() {
    let (mut bench, ids) = pair(ControllerConfig::new());
    bench.ok(ids[0], &encrypt(7));
    bench.event(ids[1], 0x3e, &[0x05]);
    bench.ok(ids[1], &le::LongTermKeyRequestNegativeReply { handle: HANDLE });
    assert_eq!(bench.event(ids[0], 0x08, &[]), hex!("06 4000 00"));
    bench.acl(ids[0], 0x40, &[1; 20]);
    bench.wait(ids[1], MS(1000), |p| (p[0] == 2).then_some(()));
    assert_eq!(bench.command(ids[1], &encrypt(7)), [0x0c], "only the central may start encryption");
}

#[test]
fn without_the_key_an_encrypted_link_ends() {
    let (mut bench, ids) = pair(ControllerConfig::new());
    let yes = le::LongTermKeyRequestReply { handle: HANDLE, key: SecretKey([7; 16]) };
    bench.ok(ids[0], &encrypt(7));
    bench.event(ids[1], 0x3e, &[0x05]);
    bench.ok(ids[1], &yes);
    bench.event(ids[0], 0x08, &[]);
    bench.ok(ids[0], &encrypt(8));
    bench.event(ids[1], 0x3e, &[0x05]);
    bench.ok(ids[1], &le::LongTermKeyRequestNegativeReply { handle: HANDLE });
    let ends = |p: &[u8]| (p == hex!("04 05 04 00 4000 06")).then_some(());
    let end = bench.now + MS(1000);
    let ended =
        |bench: &Bench, id| bench.trace.iter().any(|(_, to, p)| *to == id && ends(p).is_some());
    while !ids.iter().all(|&id| ended(&bench, id)) {
        assert!(bench.step(end), "the link stays up");
    }
}

#[test]
fn data_waits_while_encryption_starts_and_is_not_lost() {
    let (mut bench, ids) = pair(ControllerConfig::new().acl_buffers(27, 4));
    let yes = le::LongTermKeyRequestReply { handle: HANDLE, key: SecretKey([7; 16]) };
    for round in 0..2 {
        bench.ok(ids[0], &encrypt(7));
        bench.event(ids[1], 0x3e, &[0x05]);
        for id in ids {
            for octet in 0..4 {
                bench.acl(id, 0x40, &[round * 4 + octet; 20]);
            }
        }
        bench.run(MS(500));
        let data = |bench: &Bench| bench.trace.iter().filter(|(_, _, p)| p[0] == 2).count();
        assert_eq!(data(&bench), 0, "data passed while encryption was paused");
        bench.ok(ids[1], &yes);
        bench.run(MS(500));
        for id in ids {
            let of = bench.trace.iter().filter(|(_, to, p)| *to == id && p[0] == 2);
            let got: Vec<u8> = of.map(|(_, _, p)| p[5]).collect();
            assert_eq!(got, [0, 1, 2, 3].map(|octet| round * 4 + octet));
        }
        bench.trace.clear();
    }
    for id in ids {
        assert!(bench.air.violations(id).is_none());
    }
}

#[test]
fn a_host_that_does_not_answer_for_its_key_loses_the_link() {
    let (mut bench, ids) = pair(ControllerConfig::new());
    bench.ok(ids[0], &encrypt(7));
    bench.event(ids[1], 0x3e, &[0x05]);
    let asked = bench.now;
    assert_eq!(bench.event(ids[0], 0x05, &[]), hex!("00 4000 22"));
    assert!((39_000..41_000).contains(&(bench.now - asked).as_millis()));
}

#[test]
fn with_the_wrong_key_the_link_ends() {
    let (mut bench, ids) = pair(ControllerConfig::new());
    bench.ok(ids[0], &encrypt(7));
    bench.event(ids[1], 0x3e, &[0x05]);
    let wrong = le::LongTermKeyRequestReply { handle: HANDLE, key: SecretKey([8; 16]) };
    bench.ok(ids[1], &wrong);
    assert_eq!(bench.event(ids[1], 0x05, &[]), hex!("00 4000 3d"));
    assert_eq!(bench.event(ids[0], 0x05, &[]), hex!("00 4000 08"));
}
