//! Encryption and bonds, on a host that is bonded with the peer of its links. [Vol 3] Part C, 10.3

use bindrune::{Address, Connect, Error, Level, Method, RecordId};
use bindrune_hci::Opcode;
use bindrune_hostile::{Bench, Controller, acl, l2cap};
use bindrune_smp::{Bond, Key, Keys, LongTermKey};
use bindrune_wire::Writer;
use hex_literal::hex;

use crate::{
    parts,
    scene::{
        ATT, B, LINK, Linked, Log, SECRET, connection_complete, drain, host, linked, linked_on,
        retarget,
    },
};

const SMP: u16 = 6;
const PEER: Address = Address::public([0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
const OWN: Address = Address::public([0xbe, 0xac, 1, 0, 0, 1]);
const LTK: [u8; 16] = [0x5a; 16];
/// LE Long Term Key Request of a key of LE Secure Connections.
const KEY_REQUEST: [u8; 16] = hex!("043e0d05 4000 0000000000000000 0000");
const ENCRYPTED: [u8; 7] = hex!("040804 00 4000 01");

/// The record of a bond of LE Secure Connections with the peer.
fn record(local: Address) -> Vec<u8> {
    let ltk = LongTermKey { key: Key::new(LTK), ediv: 0, rand: 0 };
    let keys = Keys {
        local: Some(ltk.clone()),
        peer: Some(ltk),
        peer_identity: Some(PEER),
        ..Keys::default()
    };
    let bond = Bond {
        peer: PEER,
        local,
        method: Method::JustWorks,
        secure: true,
        authenticated: false,
        key_size: 16,
        keys,
        local_sign: 0,
        peer_sign: 0,
        gatt: [0; Bond::GATT],
    };
    let mut record = [0; Bond::SIZE];
    bond.write(&mut Writer::new(&mut record)).unwrap();
    record.to_vec()
}

/// An idle host with the bond.
fn bonded() -> B {
    bonded_under(OWN)
}

/// An idle host with a bond that was made under this own address.
fn bonded_under(local: Address) -> B {
    let records = vec![(RecordId::Peer(PEER), record(local))];
    let mut b = Bench::with_bonds(Box::leak(Box::new(host())), Controller::new(), records);
    let host = b.host;
    assert!(b.spawn(host.controller()).take().is_ok());
    assert_eq!(host.bonds().count(), 1);
    b.sent();
    b
}

/// A link as peripheral with the bonded peer.
fn bonded_peripheral() -> Linked {
    linked_on(bonded())
}

/// A link as central with the bonded peer, which is being encrypted.
fn bonded_central() -> (B, bindrune::Connection<'static>, Log) {
    let mut b = bonded();
    let host = b.host;
    let connected = b.spawn(async move { host.connect_with(&Connect::to(PEER), &[]).await });
    b.inject(&connection_complete(LINK, 0));
    let conn = connected.take().unwrap();
    let mut command = hex!("4000 0000000000000000 0000").to_vec();
    command.extend(LTK);
    let encrypt = (Opcode::LE_ENABLE_ENCRYPTION.0, command);
    assert_eq!(b.commands().iter().filter(|sent| **sent == encrypt).count(), 1);
    let log = Log::default();
    let (events, link) = (log.clone(), conn.clone());
    b.spawn(async move { drain(link, events).await });
    (b, conn, log)
}

/// Octets of the SMP frames that the host sent.
fn pairing_frames(b: &mut B) -> Vec<Vec<u8>> {
    let frames = b.frames().into_iter().map(|(_, frame)| frame);
    frames.filter(|frame| frame[2..4] == SMP.to_le_bytes()).map(|f| f[4..].to_vec()).collect()
}

/// Reads a value that needs encryption.
fn read_secret(s: &mut Linked) -> Vec<u8> {
    let [low, high] = s.handle(&SECRET).to_le_bytes();
    s.b.sent();
    s.att(&[0x0a, low, high]);
    s.b.frames().remove(0).1[4..].to_vec()
}

cases! {
    h32: |row| {
        let mut s = bonded_peripheral();
        s.b.inject(&KEY_REQUEST);
        let mut reply = hex!("4000").to_vec();
        reply.extend(LTK);
        let given = (Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY.0, reply);
        assert_eq!(s.b.commands(), [given]);
        s.b.inject(&ENCRYPTED);
        assert_eq!(s.conn.security().unwrap().level, Level::Encrypted);
        assert_eq!(read_secret(&mut s), hex!("0b 01"));
        s.b.controller().mute = bindrune_hostile::Opcodes::Only(vec![Opcode::DISCONNECT.0]);
        s.b.inject(&parts(row)[0]);
        assert_eq!(s.conn.security().unwrap().level, Level::Open);
        let ended = (Opcode::DISCONNECT.0, hex!("4000 05").to_vec());
        assert!(s.b.commands().contains(&ended));
        assert_eq!(read_secret(&mut s)[0], 0x01);
    },
    h33: |row| {
        let (mut b, conn, log) = bonded_central();
        let asking = conn.clone();
        let asked =
            b.spawn(async move { asking.service(bindrune::Uuid::new_16(0xff00)).await.map(|_| ()) });
        b.inject(&parts(row)[0]);
        assert_eq!(asked.take(), Err(Error::BondLost));
        assert!(log.borrow().iter().any(|event| event == "BondLost"), "{log:?}");
        assert_eq!(b.host.bonds().count(), 1);
        assert_eq!(conn.security().unwrap().level, Level::Open);
        b.pass(embassy_time::Duration::from_secs(5));
        assert_eq!(pairing_frames(&mut b), Vec::<Vec<u8>>::new());
        assert!(conn.is_connected());
    },
    h35: |row| {
        let mut s = linked();
        let host = s.b.host;
        let asks = s.b.spawn(async move {
            let mut requests = host.pairing_requests().unwrap();
            let _question = requests.next().await;
            core::future::pending::<()>().await;
        });
        s.b.inject(&acl(LINK, &l2cap(SMP, &hex!("01 03 00 09 10 01 01"))));
        assert_eq!(pairing_frames(&mut s.b)[0][0], 0x02);
        s.b.inject(&parts(row)[0]);
        let sent = s.b.sent();
        let text = format!("{sent:02x?}");
        let refusal = Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY.0;
        let refused = bindrune_hostile::Sent::Command(refusal, hex!("4000").to_vec());
        assert!(sent.contains(&refused), "{text}");
        assert!(text.contains("05, 08"), "{text}");
        assert_eq!(s.conn.security().unwrap().level, Level::Open);
        asks.cancel();
        s.b.settle();
        s.is_as_before();
    },
    h36: |row| {
        let mut s = bonded_peripheral();
        s.b.inject(&parts(row)[0]);
        let refusal = Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY.0;
        assert_eq!(s.b.commands(), [(refusal, hex!("4000").to_vec())]);
        s.is_as_before();
    },
    b10: |_row| {
        let mut s = linked_on(bonded_under(Address::public([9, 8, 7, 6, 5, 4])));
        s.b.inject(&KEY_REQUEST);
        let refusal = Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY.0;
        assert_eq!(s.b.commands(), [(refusal, hex!("4000").to_vec())]);
        assert_eq!(s.conn.security().unwrap().level, Level::Open);
        assert_eq!(s.b.host.bonds().count(), 1);
    },
    q44: |row| {
        let mut s = bonded_peripheral();
        let handle = s.handle(&SECRET);
        s.b.sent();
        s.b.inject(&retarget(&parts(row)[0], &[(3, handle)]));
        let [low, high] = handle.to_le_bytes();
        s.b.expect(ATT, &[&[0x01, 0x0a, low, high, 0x0f]]);
        s.is_as_before();
    },
    q58: |row| {
        let (mut b, conn, log) = bonded_central();
        let subscribing = conn.clone();
        let subscribed = b.spawn(async move {
            subscribing.service(bindrune::Uuid::new_16(0xff00)).await.map(|_| ())
        });
        b.sent();
        b.inject(&parts(row)[0]);
        assert_eq!(b.host.stats().unclaimed_notifications, 1);
        // Nothing is asked of the peer before it has shown that it has the key.
        assert_eq!(b.frames(), []);
        assert!(log.borrow().is_empty() && !subscribed.is_done(), "{log:?}");
        b.inject(&ENCRYPTED);
        assert_eq!(conn.security().unwrap().level, Level::Encrypted);
        assert_eq!(b.frames().len(), 1);
    },
}
