//! Encryption and bonds, on a host that is bonded with the peer of its links. [Vol 3] Part C, 10.3

use bindrune::{Address, Error, Level};
use bindrune_hci::Opcode;
use bindrune_hostile::{SMP, Store, acl, l2cap};
use bindrune_smp::{Bond, Key, Keys, crypto};
use hex_literal::hex;

use crate::{
    bond::{ENCRYPTED, KEY_REQUEST, LTK, bond, stored},
    pairing::Couple,
    parts,
    scene::{
        ATT, B, LEVEL, LINK, Linked, Log, SECRET, VALUE, config, idle_with, link_as_central,
        linked, linked_on, retarget,
    },
};

/// Returns an idle host with this bond.
fn bonded_by(bond: &Bond) -> B {
    let b = idle_with(config(), Store::memory(&[stored(bond)]));
    assert_eq!(b.host.bonds().count(), 1);
    b
}

/// Returns a link as peripheral with the bonded peer.
fn bonded_peripheral() -> Linked {
    linked_on(bonded_by(&bond()))
}

/// Returns a link as central with the bonded peer, which is being encrypted.
fn bonded_central() -> (B, bindrune::Connection<'static>, Log) {
    let mut b = bonded_by(&bond());
    let (conn, log) = link_as_central(&mut b);
    let mut command = hex!("4000 0000000000000000 0000").to_vec();
    command.extend(LTK);
    let encrypt = (Opcode::LE_ENABLE_ENCRYPTION.0, command);
    assert_eq!(b.commands().iter().filter(|sent| **sent == encrypt).count(), 1);
    (b, conn, log)
}

/// Returns the SMP frames that the host sent.
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

/// Checks that a signed write changes neither the value nor the counters of the bond.
#[track_caller]
fn ignores_signed(s: &mut Linked, packet: &[u8]) {
    let before = s.b.store().records();
    s.b.sent();
    s.b.inject(packet);
    s.b.expect_silence();
    let mut value = [0; 16];
    let len = s.b.host.gatt().read(&VALUE, &mut value).unwrap();
    assert_eq!(value[..len], *b"0123456789");
    assert_eq!(s.b.store().records(), before);
    s.is_as_before();
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
        let local = Address::public([9, 8, 7, 6, 5, 4]);
        let mut s = linked_on(bonded_by(&Bond { local, ..bond() }));
        s.b.inject(&KEY_REQUEST);
        let refusal = Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY.0;
        assert_eq!(s.b.commands(), [(refusal, hex!("4000").to_vec())]);
        assert_eq!(s.conn.security().unwrap().level, Level::Open);
        assert_eq!(s.b.host.bonds().count(), 1);
        Couple::of(s).pairs_afresh();
    },
    q37: |row| {
        let mut s = bonded_peripheral();
        let handle = s.handle(&VALUE);
        for part in parts(row) {
            ignores_signed(&mut s, &retarget(&part, &[(3, handle)]));
        }
    },
    q38: |_row| {
        let csrk = Key::new([0xc5; 16]);
        let keys = Keys { peer_csrk: Some(csrk.clone()), ..bond().keys };
        let mut s = linked_on(bonded_by(&Bond { keys, peer_sign: 5, ..bond() }));
        let [low, high] = s.handle(&VALUE).to_le_bytes();
        let message = [0xd2, low, high, b'A'];
        let signed = [&message[..], &crypto::sign(&csrk, &message, 5)].concat();
        // The first write is valid; the second one is a replay.
        for _ in 0..2 {
            ignores_signed(&mut s, &acl(LINK, &l2cap(ATT, &signed)));
        }
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
        // The host requests nothing from the peer before the peer has shown that it has the key.
        assert_eq!(b.frames(), []);
        assert!(log.borrow().is_empty() && !subscribed.is_done(), "{log:?}");
        b.inject(&ENCRYPTED);
        assert_eq!(conn.security().unwrap().level, Level::Encrypted);
        assert_eq!(b.frames().len(), 1);
    },
}

#[test]
fn a_bond_with_another_own_address_is_reported_and_blocks_only_protected_values() {
    let local = Address::public([9, 8, 7, 6, 5, 4]);
    let mut b = bonded_by(&Bond { local, ..bond() });
    let (conn, _log) = link_as_central(&mut b);
    b.sent();
    let other = Error::OtherAddress { bonded: local, own: bindrune_hostile::Controller::ADDRESS };
    let encrypting = conn.clone();
    assert_eq!(b.spawn(async move { encrypting.encrypt().await }).take(), Err(other));
    // A value without requirements is read; a value that needs encryption fails for that reason.
    for (answer, expected) in [(hex!("0b 2a"), Ok(1)), (hex!("01 0a"), Err(other))] {
        let reading = conn.clone();
        let read = b.spawn(async move { reading.read(3u16, &mut [0; 8]).await });
        assert_eq!(b.frames().remove(0).1[4..], hex!("0a 0300"));
        let tail = if answer[0] == 1 { &hex!("0300 0f")[..] } else { &[] };
        b.inject(&acl(LINK, &l2cap(ATT, &[&answer[..], tail].concat())));
        assert_eq!(read.take(), expected);
    }
    assert!(conn.is_connected());
}

#[test]
fn no_procedure_begins_while_encryption_starts() {
    let mut b = bonded_by(&bond());
    let (_conn, _log) = link_as_central(&mut b);
    let opcodes = |b: &mut B| b.commands().iter().map(|(opcode, _)| *opcode).collect::<Vec<_>>();
    let until = opcodes(&mut b);
    assert_eq!(until.last(), Some(&Opcode::LE_ENABLE_ENCRYPTION.0), "{until:04x?}");
    b.inject(&ENCRYPTED);
    // The procedures at the start of the link came before it.
    assert!(until.contains(&Opcode::LE_READ_REMOTE_FEATURES.0) && opcodes(&mut b).is_empty());
}

#[test]
fn nothing_of_the_application_leaves_once_encryption_is_lost() {
    let mut s = bonded_peripheral();
    s.b.inject(&KEY_REQUEST);
    s.b.inject(&ENCRYPTED);
    let [low, high] = (s.handle(&LEVEL) + 1).to_le_bytes();
    s.att(&[0x12, low, high, 1, 0]);
    s.b.sent();
    let notify = |s: &mut Linked, value| {
        let conn = s.conn.clone();
        s.b.spawn(async move { conn.notify(&LEVEL, &[value]).await })
    };
    assert_eq!(notify(&mut s, 1).take(), Ok(()));
    assert_eq!(s.b.frames().len(), 1);
    s.b.controller().mute = bindrune_hostile::Opcodes::Only(vec![Opcode::DISCONNECT.0]);
    s.b.inject(&hex!("040804 00 4000 00"));
    let _unsent = notify(&mut s, 2);
    assert_eq!(s.b.frames(), []);
}
