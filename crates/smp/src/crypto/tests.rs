//! The functions of the specification against published test vectors.

use std::{format, string::ToString, vec::Vec};

use bindrune_wire::{Address, AddressKind};

use crate::{
    DhKey, Key, PrivateKey, PublicKey,
    crypto::{self, advertising::KeyMaterial, aes_cmac},
    pdu::{Features, Pdu},
};
use toml::{Table, Value};

fn vectors() -> Table {
    include_str!("../../tests/vectors/vectors.toml").parse().unwrap()
}

fn each(name: &str, mut check: impl FnMut(&Value)) {
    let vectors = vectors();
    let entries = vectors[name].as_array().unwrap();
    assert!(!entries.is_empty());
    entries.iter().for_each(&mut check);
}

fn bytes(v: &Value, key: &str) -> Vec<u8> {
    let text = v[key].as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn big<const N: usize>(v: &Value, key: &str) -> [u8; N] {
    bytes(v, key).try_into().unwrap()
}

fn le<const N: usize>(v: &Value, key: &str) -> [u8; N] {
    let mut octets = big(v, key);
    octets.reverse();
    octets
}

fn key(v: &Value, name: &str) -> Key {
    Key::new(le(v, name))
}

fn public(v: &Value, x: &str, y: &str) -> PublicKey {
    PublicKey { x: le(v, x), y: le(v, y) }
}

fn address(v: &Value, name: &str) -> Address {
    let octets: [u8; 7] = le(v, name);
    Address::from_hci(octets[6], octets[..6].try_into().unwrap()).unwrap()
}

#[test]
fn aes() {
    each("aes_cmac", |v| {
        assert_eq!(aes_cmac(&big(v, "key"), &[&bytes(v, "msg")]), big(v, "mac"));
    });
    each("aes_e", |v| {
        assert_eq!(crypto::e(&key(v, "key"), le(v, "plaintext")), le(v, "ciphertext"));
    });
}

#[test]
fn p256() {
    each("p256_dh", |v| {
        for (a, b) in [("a", "b"), ("b", "a")] {
            let private = PrivateKey::new(le(v, &format!("priv_{a}")));
            let own = crypto::key_pair(private.clone()).unwrap();
            assert_eq!(own.public, public(v, &format!("pub_{a}_x"), &format!("pub_{a}_y")));
            let peer = public(v, &format!("pub_{b}_x"), &format!("pub_{b}_y"));
            assert_eq!(crypto::dh_key(&private, &peer), Some(DhKey::new(le(v, "dhkey"))));
        }
    });
    each("p256_invalid_public_key", |v| {
        let peer = public(v, "pub_x", "pub_y");
        assert!(!crypto::is_valid(&peer), "{v}");
        assert_eq!(crypto::dh_key(&PrivateKey::new([1; 32]), &peer), None);
    });
    each("p256_reflected_public_key", |v| {
        assert!(crypto::is_valid(&public(v, "peer_x", "peer_y")))
    });
    assert_eq!(crypto::DEBUG_KEY_X, le(&vectors()["le_debug_key"], "pub_x"));
    assert!(crypto::key_pair(PrivateKey::new([0; 32])).is_none());
}

#[test]
fn secure_connections() {
    each("f4", |v| {
        assert_eq!(crypto::f4(&le(v, "u"), &le(v, "v"), &le(v, "x"), 0), le(v, "out"));
    });
    each("f5", |v| {
        let w = DhKey::new(le(v, "w"));
        let keys = crypto::f5(&w, &le(v, "n1"), &le(v, "n2"), address(v, "a1"), address(v, "a2"));
        assert_eq!(keys, (key(v, "mackey"), key(v, "ltk")));
    });
    each("f6", |v| {
        let [n1, n2, r] = [le(v, "n1"), le(v, "n2"), le(v, "r")];
        let io_cap = le(v, "io_cap");
        let check =
            crypto::f6(&key(v, "w"), [&n1, &n2, &r], io_cap, address(v, "a1"), address(v, "a2"));
        assert_eq!(check, le(v, "out"));
    });
    each("g2", |v| {
        let number = crypto::g2(&le(v, "u"), &le(v, "v"), &le(v, "x"), &le(v, "y"));
        assert_eq!(i64::from(number), v["numeric_comparison"].as_integer().unwrap());
    });
}

#[test]
fn legacy() {
    each("c1", |v| {
        let features = |name: &str| -> Features {
            let octets: [u8; 7] = le(v, name);
            match Pdu::parse(&octets) {
                Ok(Pdu::PairingRequest(features) | Pdu::PairingResponse(features)) => features,
                other => panic!("{other:?}"),
            }
        };
        let a = Address::new(AddressKind::Random, le(v, "ia"));
        let b = Address::new(AddressKind::Public, le(v, "ra"));
        let (request, response) = (features("preq"), features("pres"));
        let value = crypto::c1(&key(v, "k"), &le(v, "r"), [&request, &response], [a, b]);
        assert_eq!(value, le(v, "out"));
    });
    each("s1", |v| {
        assert_eq!(crypto::s1(&key(v, "k"), &le(v, "r1"), &le(v, "r2")), key(v, "out"));
    });
}

#[test]
fn conversion() {
    each("h6", |v| {
        assert_eq!(crypto::h6(&key(v, "w"), &big(v, "key_id")), key(v, "out"));
    });
    each("h7", |v| {
        assert_eq!(crypto::h7(&big(v, "salt"), &key(v, "w")), key(v, "out"));
    });
    for (table, from, to, ids) in [
        ("ctkd_ltk_to_link_key", "ltk", "link_key", [b"tmp1", b"lebr"]),
        ("ctkd_link_key_to_ltk", "link_key", "ltk", [b"tmp2", b"brle"]),
    ] {
        each(table, |v| {
            let [first, second] = ids;
            let intermediate = if v["ct2"].as_bool().unwrap() {
                let mut salt = [0; 16];
                salt[12..].copy_from_slice(first);
                crypto::h7(&salt, &key(v, from))
            } else {
                crypto::h6(&key(v, from), first)
            };
            assert_eq!(intermediate, key(v, "intermediate"));
            assert_eq!(crypto::h6(&intermediate, second), key(v, to));
        });
    }
}

#[test]
fn private_addresses() {
    each("ah", |v| {
        assert_eq!(crypto::ah(&key(v, "irk"), le(v, "prand")), le(v, "hash"));
        let made = crypto::resolvable(&key(v, "irk"), le(v, "prand"));
        assert_eq!(made.to_string(), format!("{}/random", v["rpa"].as_str().unwrap()));
    });
    each("rpa", |v| {
        let irk = key(v, "irk");
        let address = Address::new(AddressKind::Random, big(v, "rpa_le"));
        // A key of zeros is no identity, although its hash matches.
        let expected = v["resolves"].as_bool().unwrap() && !irk.is_zero();
        assert_eq!(crypto::resolves(&irk, address), expected, "{v}");
    });
}

#[test]
fn signatures() {
    each("att_signed_write", |v| {
        let counter = u32::try_from(v["sign_counter"].as_integer().unwrap()).unwrap();
        let signature = crypto::sign(&key(v, "csrk"), &bytes(v, "pdu_le"), counter);
        assert_eq!(signature, big(v, "signature_le"), "{v}");
    });
}

#[test]
fn key_diversifying() {
    each("d1", |v| {
        let number = |name: &str| u16::from_str_radix(v[name].as_str().unwrap(), 16).unwrap();
        let plain = u128::from(number("r")) << 16 | u128::from(number("d"));
        assert_eq!(crypto::e(&key(v, "k"), plain.to_le_bytes()), le(v, "out"));
    });
}

#[test]
fn encrypted_advertising() {
    each("encrypted_advertising_data", |v| {
        let key = KeyMaterial { session_key: key(v, "session_key"), iv: big(v, "iv") };
        let (plain, content) = (bytes(v, "plaintext"), bytes(v, "payload"));
        let mut out = [0; 64];
        assert_eq!(key.encrypt(big(v, "randomizer"), &plain, &mut out), Ok(&content[..]));
        assert_eq!(bytes(v, "ad_structure")[2..], content);
        assert_eq!(key.decrypt(&content, &mut out), Some(&plain[..]));
        for at in 0..content.len() {
            let mut other = content.clone();
            other[at] ^= 1;
            assert_eq!(key.decrypt(&other, &mut out), None, "{at}");
            assert_eq!(key.decrypt(&content[..at], &mut out), None, "{at}");
        }
        let short = plain.len() + KeyMaterial::OVERHEAD - 1;
        assert!(key.encrypt(big(v, "randomizer"), &plain, &mut out[..short]).is_err());
        assert_eq!(key.decrypt(&content, &mut out[..plain.len() - 1]), None);
    });
}

/// Functions for services and transports that this host does not have, built from the functions that it has.
#[test]
fn built_from_others() {
    let k1 = |n: &[u8; 16], salt: &[u8], p: &[u8]| {
        aes_cmac(&aes_cmac(&salt.try_into().unwrap(), &[n]), &[p])
    };
    each("h8", |v| {
        let h8 = k1(&big(v, "k"), &bytes(v, "s"), &bytes(v, "key_id"));
        assert_eq!(h8, big(v, "out"));
    });
    each("csis_sih", |v| {
        assert_eq!(crypto::ah(&key(v, "sirk"), le(v, "prand")), le(v, "hash"));
        let mut rsi = bytes(v, "hash");
        rsi.splice(0..0, bytes(v, "prand"));
        rsi.reverse();
        assert_eq!(rsi, bytes(v, "rsi_le"));
    });
    each("csis_sef", |v| {
        let (k, sirk): ([u8; 16], [u8; 16]) = (big(v, "k"), big(v, "sirk"));
        let salt = aes_cmac(&[0; 16], &[b"SIRKenc"]);
        assert_eq!(salt, big(v, "salt_s1_sirkenc"));
        let mask = k1(&k, &salt, b"csis");
        assert_eq!(mask, big(v, "k1_csis"));
        let sealed: Vec<u8> = mask.iter().zip(sirk).map(|(a, b)| a ^ b).collect();
        assert_eq!(sealed, bytes(v, "enc_sirk"));
    });
}

/// The tables above, and those of whole pairings (`pairing/tests/transcripts.rs`). Another crate tests the hashes of a
/// server's attributes: `bindrune-gatt`, `hash/tests.rs`, has tables with these attributes.
#[test]
fn every_table_is_run() {
    const ELSEWHERE: &str = "gatt_database_hash";
    let tests = [include_str!("tests.rs"), include_str!("../pairing/tests/transcripts.rs")];
    for table in vectors().keys().filter(|table| *table != ELSEWHERE) {
        let quoted = format!("\"{table}\"");
        assert!(tests.iter().any(|test| test.contains(&quoted)), "{table}");
    }
}
