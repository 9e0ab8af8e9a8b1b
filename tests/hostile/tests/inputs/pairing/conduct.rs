//! The end of pairings, the devices that may request one, and the effect of bonds. [Vol 3] Part H, 2.4.6,
//! 3.4 and 3.5.5

use bindrune::{Address, Error, Level, Method, Opcode, PairingConfig, PairingFailure, Reason};
use bindrune_hostile::{SMP, Store, Until, acl, l2cap};
use bindrune_smp::{Bond, Key, Keys, LongTermKey, Role, pdu::Code};
use bindrune_wire::time::Instant;
use embassy_time::Duration;
use hex_literal::hex;

use super::{Couple, WAIT, YES_NO, central, couple_with, peripheral, stranger};
use crate::{
    bond::{ENCRYPTED, LTK, bond, stored},
    parts,
    scene::{LINK, Linked, STRICT, config, link_with},
};

const DEFAULT: PairingConfig = PairingConfig::DEFAULT;

/// Returns a central that is bonded by Just Works, and is encrypting a new link with that bond's key.
fn encrypting_again() -> Couple {
    let mut couple = central(YES_NO, YES_NO);
    let bond = couple.pairs();
    couple.reconnect();
    let key = bond.keys.peer.unwrap();
    let sent = couple.link.b.commands();
    let encrypts = |(opcode, of): &&(u16, Vec<u8>)| {
        Opcode(*opcode) == Opcode::LE_ENABLE_ENCRYPTION && of.ends_with(key.key.octets())
    };
    assert_eq!(sent.iter().filter(encrypts).count(), 1, "{sent:02x?}");
    couple
}

/// Returns whether the application got this event.
fn has_event(link: &Linked, what: &str) -> bool {
    link.log.borrow().iter().any(|event| event == what)
}

/// Waits 30 s without a PDU; then sends the row's PDU, and tries a new pairing.
fn times_out(mut couple: Couple, late: &[u8]) -> Couple {
    couple.begin(Until::Pdu(Code::PAIRING_RANDOM));
    couple.link.b.pass(Duration::from_millis(29_999));
    assert!(couple.link.log.borrow().is_empty());
    couple.link.b.pass(Duration::from_millis(1));
    couple.has_failed(PairingFailure::Timeout);
    couple.link.b.expect(SMP, &[]);
    couple.ignores(late);
    couple.link.b.pass(Duration::from_secs(10));
    couple.link.b.expect(SMP, &[]);
    let timeout = Error::Pairing(PairingFailure::Timeout);
    match couple.role {
        Role::Initiator => couple.ignores(&acl(LINK, &l2cap(SMP, &hex!("01 03 00 09 10 03 03")))),
        Role::Responder => {
            assert_eq!(couple.pairing.take().unwrap().take(), Err(timeout));
            let conn = couple.link.conn.clone();
            let again = couple.link.b.spawn(async move { conn.pair().await });
            assert_eq!(again.take(), Err(timeout));
            couple.link.b.expect(SMP, &[]);
        }
    }
    couple.keeps_nothing();
    couple.reconnect();
    couple
}

pairings! {
    p29: |row| {
        let mut after = Vec::new();
        for part in parts(row) {
            let mut idle = peripheral(DEFAULT, DEFAULT);
            idle.ignores(&part);
            after.push(idle);
            for mut couple in [peripheral(DEFAULT, DEFAULT), central(DEFAULT, DEFAULT)] {
                couple.begin(Until::Pdu(Code::PAIRING_RANDOM));
                couple.ignores(&part);
                let log = couple.link.log.borrow().last().unwrap().clone();
                assert!(log.starts_with("PairingFailed(Peer("), "{log}");
                couple.keeps_nothing();
                after.push(couple);
            }
        }
        after
    },
    p32: |row| {
        // While the link is being encrypted with the bond's key, nothing else is started.
        let mut couple = encrypting_again();
        couple.ignores(&parts(row)[0]);
        couple.link.b.inject(&ENCRYPTED);
        assert!(!has_event(&couple.link, "SecurityRequested"));
        assert_eq!(couple.link.conn.security().unwrap().level, Level::Encrypted);
        // Only then a stronger pairing starts, if the application requests it.
        couple.link.b.sent();
        couple.ignores(&parts(row)[0]);
        assert!(has_event(&couple.link, "SecurityRequested"));
        couple.renew();
        let conn = couple.link.conn.clone();
        let safer = couple.link.b.spawn(async move { conn.secure(Level::Authenticated).await });
        couple.go_on(Until::End);
        assert_eq!(safer.take().unwrap().level, Level::SecureConnections);
        assert_eq!(couple.kept().method, Method::NumericComparison);
        couple.honest = PairingConfig { mitm: true, ..YES_NO };
        // If the peer has no such key, the bond is reported as lost, and stays unchanged until the
        // application decides.
        let mut lost = encrypting_again();
        let bond = lost.kept();
        lost.link.b.inject(&hex!("040804 06 4000 00"));
        assert!(has_event(&lost.link, "BondLost"));
        lost.link.b.sent();
        lost.ignores(&parts(row)[0]);
        lost.link.b.pass(Duration::from_secs(5));
        lost.link.b.expect(SMP, &[]);
        assert_eq!(lost.kept(), bond);
        vec![couple, lost]
    },
    p33: |row| {
        let mut pairing = central(DEFAULT, DEFAULT);
        pairing.begin(Until::Pdu(Code::PAIRING_RESPONSE));
        let mut encrypting = encrypting_again();
        for part in parts(row) {
            pairing.ignores(&part);
            encrypting.ignores(&part);
        }
        pairing.go_on(Until::End);
        assert!(pairing.pairing.take().unwrap().take().unwrap().bonded);
        assert!(!has_event(&pairing.link, "SecurityRequested"));
        encrypting.link.b.inject(&ENCRYPTED);
        assert_eq!(encrypting.link.conn.security().unwrap().level, Level::Encrypted);
        assert!(!has_event(&encrypting.link, "SecurityRequested"));
        vec![pairing, encrypting]
    },
    p34: |row| {
        let late = &parts(row)[0];
        vec![
            times_out(peripheral(DEFAULT, DEFAULT), late),
            times_out(central(DEFAULT, DEFAULT), late),
        ]
    },
    p38: |row| {
        let other = Address::public([0x66, 0x55, 0x44, 0x33, 0x22, 0x10]);
        let mut a = peripheral(DEFAULT, DEFAULT);
        let (conn, log) = link_with(&mut a.link.b, other, 0x41);
        a.begin(Until::Pdu(Code::PAIRING_RANDOM));
        let mut b = stranger([other; 2], 0x41);
        b.begin(Instant::of(a.link.b.now()));
        b.talk(&mut a.link.b, Until::Pdu(Code::PAIRING_RANDOM));
        a.ignores(&parts(row)[0]);
        let failed = format!("PairingFailed({:?})", PairingFailure::Peer(Reason::UNSPECIFIED_REASON));
        assert_eq!(log.borrow()[..], [failed]);
        assert!(a.link.log.borrow().is_empty());
        a.go_on(Until::End);
        assert!(a.peer.outcome().unwrap().bonded && a.link.conn.security().unwrap().bonded);
        // The other one pairs too.
        a.link.b.pass(WAIT);
        let mut b = stranger([other; 2], 0x41);
        b.begin(Instant::of(a.link.b.now()));
        b.talk(&mut a.link.b, Until::End);
        assert!(b.outcome().unwrap().bonded && conn.security().unwrap().bonded);
        assert_eq!(a.link.b.store().records().len(), 2);
        vec![a]
    },
    p41: |_row| {
        let ltk = LongTermKey { key: Key::new(LTK), ediv: 0x1234, rand: 0x0102_0304_0506_0708u64.to_le_bytes() };
        let before = Bond {
            method: Method::Passkey { initiator_inputs: true, responder_inputs: false },
            secure: false,
            authenticated: true,
            keys: Keys { local: Some(ltk), ..bond().keys },
            ..bond()
        };
        let mut couple = couple_with(config(), Store::memory(&[stored(&before)]));
        let info = couple.link.b.host.bonds().next().unwrap();
        assert_eq!((info.level, info.secure_connections), (Level::Encrypted, false));
        couple.link.b.inject(&hex!("043e0d05 4000 0807060504030201 3412"));
        let mut reply = hex!("4000").to_vec();
        reply.extend(LTK);
        assert_eq!(couple.link.b.commands(), [(Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY.0, reply)]);
        couple.link.b.inject(&ENCRYPTED);
        assert_eq!(couple.link.conn.security().unwrap().level, Level::Encrypted);
        let [low, high] = couple.link.handle(&STRICT).to_le_bytes();
        couple.link.att(&[0x0a, low, high]);
        couple.link.b.expect(crate::scene::ATT, &[&[0x01, 0x0a, low, high, 0x05]]);
        vec![couple]
    },
}
