//! Phase 1: the features are exchanged. [Vol 3] Part H, 2.3.1

use bindrune::{IoCapability, Level, PairingConfig, PairingFailure, Reason};
use bindrune_corpus::Row;
use bindrune_hostile::{Controller, SMP, Until, acl, l2cap};
use bindrune_smp::{
    Key, crypto,
    pdu::{Code, Features, Pdu},
};
use hex_literal::hex;

use super::{Couple, LEGACY, OLD, YES_NO, peripheral};
use crate::{
    bond::{ENCRYPTED, KEY_REQUEST},
    parts,
    scene::{LINK, PEER},
};

const DEFAULT: PairingConfig = PairingConfig::DEFAULT;

/// Checks that each part is answered by Pairing Failed from an idle peripheral.
fn refused(row: &Row, reason: Reason) -> Vec<Couple> {
    let parts = parts(row);
    let refused = parts.iter().map(|part| {
        let mut couple = peripheral(DEFAULT, DEFAULT);
        couple.refuses(part, reason);
        couple
    });
    refused.collect()
}

/// Returns the host's answer to a PDU.
fn answer(couple: &mut Couple, pdu: &[u8]) -> Vec<u8> {
    couple.says(pdu);
    let mut frames = couple.link.b.frames();
    assert_eq!(frames.len(), 1, "{frames:02x?}");
    frames.remove(0).1[4..].to_vec()
}

fn features(pdu: &[u8]) -> Features {
    match Pdu::parse(pdu) {
        Ok(Pdu::PairingRequest(features) | Pdu::PairingResponse(features)) => features,
        other => panic!("{other:?}"),
    }
}

/// Runs legacy Just Works step by step, after `request`, whose octets are part of the confirm values.
fn pairs_the_old_way(couple: &mut Couple, request: &[u8], response: &[u8]) {
    let (request, response) = (features(request), features(response));
    let (tk, own) = (Key::new([0; 16]), [0x5e; 16]);
    let confirm =
        |nonce| crypto::c1(&tk, nonce, [&request, &response], [PEER, Controller::ADDRESS]);
    let commitment = answer(couple, &[&[0x03], &confirm(&own)[..]].concat());
    let shown = answer(couple, &[&[0x04], &own[..]].concat());
    let nonce: [u8; 16] = shown[1..].try_into().unwrap();
    assert_eq!(commitment[1..], confirm(&nonce));
    couple.link.b.inject(&KEY_REQUEST);
    let stk = crypto::s1(&tk, &nonce, &own);
    let reply = [&LINK.to_le_bytes()[..], stk.octets()].concat();
    assert_eq!(couple.link.b.commands().pop(), Some((0x201a, reply)));
    couple.link.b.inject(&ENCRYPTED);
    couple.says(&hex!("06 22222222222222222222222222222222"));
    couple.says(&hex!("07 3412 0807060504030201"));
    assert!(couple.link.log.borrow().iter().any(|event| event.starts_with("Paired(")));
}

pairings! {
    p01: |row| {
        let mut couple = peripheral(DEFAULT, DEFAULT);
        couple.ignores(&parts(row)[0]);
        vec![couple]
    },
    p02: |row| refused(row, Reason::COMMAND_NOT_SUPPORTED),
    p04: |row| refused(row, Reason::INVALID_PARAMETERS),
    p05: |row| {
        let parts = parts(row);
        let mut long = peripheral(DEFAULT, DEFAULT);
        long.refuses(&parts[0], Reason::INVALID_PARAMETERS);
        let mut after = vec![long];
        for unknown in &parts[1..] {
            let mut idle = peripheral(DEFAULT, DEFAULT);
            idle.ignores(unknown);
            let mut pairing = peripheral(DEFAULT, DEFAULT);
            pairing.begin(Until::Pdu(Code::PAIRING_PUBLIC_KEY));
            pairing.refuses(unknown, Reason::COMMAND_NOT_SUPPORTED);
            after.extend([idle, pairing]);
        }
        after
    },
    p06: |row| refused(row, Reason::INVALID_PARAMETERS),
    p08: |row| refused(row, Reason::INVALID_PARAMETERS),
    p09: |row| {
        let mut couple = peripheral(LEGACY, DEFAULT);
        couple.link.b.inject(&parts(row)[0]);
        let response = hex!("02 03 00 09 10 01 01");
        couple.link.b.expect(SMP, &[&response]);
        pairs_the_old_way(&mut couple, &parts(row)[0][9..], &response);
        assert_eq!(couple.kept().level(), Level::Encrypted);
        vec![couple]
    },
    p10: |row| {
        let couples = refused(row, Reason::AUTHENTICATION_REQUIREMENTS);
        couples[0].has_failed(PairingFailure::Local(Reason::AUTHENTICATION_REQUIREMENTS));
        couples
    },
    p12: |row| {
        let mut couple = peripheral(DEFAULT, DEFAULT);
        couple.begin(Until::Pdu(Code::PAIRING_RANDOM));
        couple.refuses(&parts(row)[0], Reason::UNSPECIFIED_REASON);
        couple.has_failed(PairingFailure::Local(Reason::UNSPECIFIED_REASON));
        // The first pairing has ended too.
        couple.go_on(Until::End);
        couple.keeps_nothing();
        vec![couple]
    },
    p36: |row| {
        let high = PairingConfig { mitm: true, require: Level::Authenticated, ..YES_NO };
        let mut strict = peripheral(high, YES_NO);
        strict.refuses(&parts(row)[0], Reason::AUTHENTICATION_REQUIREMENTS);
        // If a lower level is enough, our request is in the response, and the level is that of the pairing.
        let mut couple = peripheral(PairingConfig { mitm: true, legacy: true, ..YES_NO }, YES_NO);
        couple.link.b.inject(&parts(row)[0]);
        couple.link.b.expect(SMP, &[&hex!("02 01 00 0d 10 01 01")]);
        let old = PairingConfig { io: IoCapability::KeyboardDisplay, ..OLD };
        couple.says(&hex!("05 08"));
        couple.honest = old;
        let bond = couple.pairs();
        assert_eq!((bond.authenticated, bond.level()), (false, Level::Encrypted));
        couple.honest = YES_NO;
        let bond = couple.pairs();
        assert_eq!((bond.authenticated, bond.level()), (true, Level::SecureConnections));
        vec![strict, couple]
    },
    p40: |row| {
        assert_eq!(parts(row), Vec::<Vec<u8>>::new());
        let both = PairingConfig { mitm: true, legacy: true, min_key_size: 7, ..YES_NO };
        let mut couple = peripheral(both, both);
        let strong = couple.pairs();
        assert!(strong.authenticated);
        // The Security Manager of BR/EDR does not exist on LE.
        couple.ignores(&acl(LINK, &l2cap(7, &hex!("01 03 00 2d 10 0f 0f"))));
        // Weaker keys, and a request to derive a BR/EDR key from them.
        for weaker in [
            hex!("01 03 00 29 10 0b 0b"),
            hex!("01 01 00 2d 0f 0b 0b"),
            hex!("01 01 00 25 10 0b 0b"),
        ] {
            couple.says(&weaker);
            let sent = couple.link.b.frames();
            assert_eq!(sent.last().unwrap().1[4..], hex!("05 03"), "{sent:02x?}");
            couple.has_failed(PairingFailure::BondKept(PEER));
            assert_eq!(couple.kept(), strong);
            couple.link.b.pass(embassy_time::Duration::from_secs(64));
        }
        vec![couple]
    },
}
