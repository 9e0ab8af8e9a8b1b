//! Phase 2: keys, commitments and checks. [Vol 3] Part H, 2.3.5

use bindrune::{IoCapability, Opcode, PairingConfig, PairingFailure, Question, Reason};
use bindrune_corpus::Row;
use bindrune_hostile::{Peer, SMP, Until, acl, l2cap};
use bindrune_smp::{PrivateKey, PublicKey, crypto, pdu::Code};
use hex_literal::hex;

use super::{Couple, LEGACY, OLD, central, peripheral};
use crate::{bond::KEY_REQUEST, parts, scene::LINK};

const DEFAULT: PairingConfig = PairingConfig::DEFAULT;

/// Returns couples of both roles at the point at which the peer's public key is expected, with the host's last PDU.
fn before_the_key() -> [(Couple, Vec<u8>); 2] {
    [peripheral(DEFAULT, DEFAULT), central(DEFAULT, DEFAULT)].map(|mut couple| {
        let said = couple.begin(Until::Pdu(Code::PAIRING_PUBLIC_KEY));
        (couple, said.last().unwrap().clone())
    })
}

/// Checks that each part is refused at the point at which a public key is expected.
fn is_no_key(row: &Row, reason: Reason) -> Vec<Couple> {
    let mut after = Vec::new();
    for part in parts(row) {
        // Whatever its ACL header is, the part is a whole PDU.
        let packet = acl(LINK, &l2cap(SMP, &part[9..]));
        for (mut couple, _) in before_the_key() {
            couple.refuses(&packet, reason);
            after.push(couple);
        }
    }
    after
}

/// Returns our key, and the other key with the same X.
fn both_of(key: PublicKey) -> [PublicKey; 2] {
    [key, PublicKey { y: negated(key.y), ..key }]
}

/// Returns p - y. [Vol 3] Part H, 2.3.5.6.1
fn negated(y: [u8; 32]) -> [u8; 32] {
    const P: [u128; 2] =
        [0x0000_0000_ffff_ffff_ffff_ffff_ffff_ffff, 0xffff_ffff_0000_0001_0000_0000_0000_0000];
    let half = |at: usize| u128::from_le_bytes(y[at..at + 16].try_into().unwrap());
    let (low, borrows) = P[0].overflowing_sub(half(0));
    let high = P[1] - half(16) - u128::from(borrows);
    [low.to_le_bytes(), high.to_le_bytes()].concat().try_into().unwrap()
}

fn reflected(mut couple: Couple, key: PublicKey) -> Couple {
    assert!(crypto::is_valid(&key));
    couple.says(&[&[0x0c], &key.x[..], &key.y].concat());
    couple.refused(Reason::DHKEY_CHECK_FAILED);
    couple.keeps_nothing();
    couple.has_failed(PairingFailure::Local(Reason::DHKEY_CHECK_FAILED));
    couple
}

pairings! {
    p13: |row| {
        let mut couple = peripheral(LEGACY, OLD);
        couple.begin(Until::Pdu(Code::PAIRING_CONFIRM));
        couple.refuses(&parts(row)[0], Reason::UNSPECIFIED_REASON);
        vec![couple]
    },
    p14: |row| is_no_key(row, Reason::UNSPECIFIED_REASON),
    p16: |_row| {
        // The central sends its key first; the peripheral derives it from random octets that are known here.
        let of_central = |which: usize| {
            let [_, (couple, said)] = before_the_key();
            let [x, y] = [1, 33].map(|at| said[at..at + 32].try_into().unwrap());
            assert_eq!(said[0], 0x0c);
            reflected(couple, both_of(PublicKey { x, y })[which])
        };
        let of_peripheral = |which: usize| {
            let mut couple = peripheral(DEFAULT, DEFAULT);
            let random = [1, 2, 3, 4, 5, 6, 7, 8];
            let answer = [&[0], &random[..]].concat();
            couple.link.b.controller().answers.insert(Opcode::LE_RAND.0, answer);
            couple.begin(Until::Pdu(Code::PAIRING_PUBLIC_KEY));
            couple.link.b.controller().answers.clear();
            let private = [random; 4].concat().try_into().unwrap();
            let key = crypto::key_pair(PrivateKey::new(private)).unwrap().public;
            reflected(couple, both_of(key)[which])
        };
        vec![of_central(0), of_central(1), of_peripheral(0), of_peripheral(1)]
    },
    p17: |row| is_no_key(row, Reason::DHKEY_CHECK_FAILED),
    p18: |row| is_no_key(row, Reason::INVALID_PARAMETERS),
    p20: |_row| {
        let mut couple = central(LEGACY, OLD);
        let said = couple.begin(Until::Pdu(Code::PAIRING_CONFIRM));
        let own = said.last().unwrap();
        assert_eq!(own[0], 0x03);
        couple.says(own);
        couple.refused(Reason::CONFIRM_VALUE_FAILED);
        couple.keeps_nothing();
        couple.has_failed(PairingFailure::Local(Reason::CONFIRM_VALUE_FAILED));
        vec![couple]
    },
    p21: |row| {
        let with = |io| PairingConfig { io, mitm: true, ..DEFAULT };
        let after = [1, 2, 20].map(|round| {
            let mut couple =
                peripheral(with(IoCapability::DisplayOnly), with(IoCapability::KeyboardOnly));
            couple.begin(Until::Pdu(Code::PAIRING_CONFIRM));
            for _ in 1..round {
                couple.go_on(Until::Pdu(Code::PAIRING_CONFIRM));
            }
            couple.link.b.inject(&parts(row)[0]);
            assert_eq!(couple.link.b.frames()[0].1[4], 0x03);
            couple.refuses(&acl(LINK, &l2cap(SMP, &[&[4], &[0x33; 16][..]].concat())), Reason::CONFIRM_VALUE_FAILED);
            let passkey = couple.user.passkey();
            assert!(couple.pairs().authenticated);
            assert_ne!(couple.user.passkey(), passkey);
            couple
        });
        after.into()
    },
    p22: |row| {
        let mut couple = peripheral(DEFAULT, DEFAULT);
        couple.begin(Until::Pdu(Code::PAIRING_DHKEY_CHECK));
        couple.refuses(&parts(row)[0], Reason::DHKEY_CHECK_FAILED);
        couple.link.b.inject(&KEY_REQUEST);
        let refusal = Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY.0;
        assert_eq!(couple.link.b.commands(), [(refusal, hex!("4000").to_vec())]);
        vec![couple]
    },
    p37: |_row| {
        let oob = PairingConfig { oob: true, ..DEFAULT };
        let mut couple = central(oob, oob);
        let host = couple.link.b.host;
        couple.peer.oob = couple.link.b.spawn(host.oob()).take().ok();
        assert!(couple.peer.oob.is_some());
        let (random, mut confirm) = Peer::oob_data();
        confirm[0] ^= 1;
        couple.user.bring((random, confirm));
        let said = couple.begin(Until::End);
        // The host sends its request and its key, but no random number.
        let codes: Vec<_> = said.iter().map(|pdu| pdu[0]).collect();
        assert_eq!((&codes[..], &said[2][..]), (&[0x01, 0x0c, 0x05][..], &hex!("05 04")[..]));
        assert_eq!(couple.user.asked(), [Question::Oob { secure: true }]);
        couple.keeps_nothing();
        couple.has_failed(PairingFailure::Local(Reason::CONFIRM_VALUE_FAILED));
        couple.user.bring(Peer::oob_data());
        vec![couple]
    },
}
