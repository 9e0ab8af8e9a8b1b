//! Complete exchanges of another host, octet by octet; this host plays both roles.

use std::{string::ToString, vec, vec::Vec};

use bindrune_wire::{Address, AddressKind};
use toml::{Table, Value};

use super::open;
use crate::{
    Answer, Config, DhKey, IoCapability, Key, LocalKey, Method, PublicKey, Role,
    pdu::{AuthReq, Features, KeyDistribution, Pdu},
    testing::{Device, converse},
};

fn vectors(name: &str) -> Vec<Value> {
    let table: Table = include_str!("../../../tests/vectors/vectors.toml").parse().unwrap();
    table[name].as_array().unwrap().clone()
}

fn octets<const N: usize>(text: &Value) -> [u8; N] {
    let text = text.as_str().unwrap();
    let octets = (0..text.len()).step_by(2);
    let octets: Vec<u8> =
        octets.map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    octets.try_into().unwrap()
}

fn le<const N: usize>(text: &Value) -> [u8; N] {
    crate::testing::reversed(octets(text))
}

fn list(v: &Value, name: &str) -> Vec<[u8; 16]> {
    v.get(name).map_or(vec![], |list| list.as_array().unwrap().iter().map(le).collect())
}

fn features(pdu: &[u8]) -> Features {
    match Pdu::parse(pdu) {
        Ok(Pdu::PairingRequest(features) | Pdu::PairingResponse(features)) => features,
        other => panic!("{other:?}"),
    }
}

fn config(f: &Features, send: u8, accept: u8) -> Config {
    Config {
        io: IoCapability::from_wire(f.io),
        oob: f.oob != 0,
        bonding: f.auth().contains(AuthReq::BONDING),
        mitm: f.auth().contains(AuthReq::MITM),
        secure_connections: f.auth().contains(AuthReq::SECURE_CONNECTIONS),
        send: KeyDistribution::from_bits_retain(send),
        accept: KeyDistribution::from_bits_retain(accept),
        ..open()
    }
}

fn devices(request: &[u8], response: &[u8], a: Address, b: Address) -> (Device, Device, Method) {
    let (request, response) = (features(request), features(response));
    let initiator = config(&request, request.initiator_keys, request.responder_keys);
    let responder = config(&response, response.responder_keys, response.initiator_keys);
    (
        Device::at(Role::Initiator, initiator, a, b),
        Device::at(Role::Responder, responder, b, a),
        Method::select(&request, &response),
    )
}

/// Sets the passkey for the user that enters it, and as a random number of the device that shows it.
fn set_passkey(device: &mut Device, method: Method, passkey: u32) {
    if method.inputs(device.role) {
        device.passkey = Some(passkey);
    } else {
        device.randoms.insert(0, u128::from(passkey).to_le_bytes());
    }
}

fn tagged(code: u8, value: &[u8]) -> Vec<u8> {
    core::iter::once(code).chain(value.iter().copied()).collect()
}

#[test]
fn secure_connections() {
    for v in vectors("pairing_transcript_sc") {
        let address = |name: &str| {
            let octets: [u8; 7] = le(&v[name]);
            Address::from_hci(octets[6], octets[..6].try_into().unwrap()).unwrap()
        };
        let request: [u8; 7] = octets(&v["pair_req_le"]);
        let response: [u8; 7] = octets(&v["pair_rsp_le"]);
        let (mut a, mut b, method) = devices(&request, &response, address("a"), address("b"));
        for (device, x, y, nonces) in
            [(&mut a, "pka_x", "pka_y", "na"), (&mut b, "pkb_x", "pkb_y", "nb")]
        {
            let public = PublicKey { x: le(&v[x]), y: le(&v[y]) };
            device.key = LocalKey { public, private: None };
            device.dh_key = Some(DhKey::new(le(&v["dhkey"])));
            device.randoms = list(&v, nonces);
            if let Some(passkey) = v.get("passkey") {
                let passkey = u32::try_from(passkey.as_integer().unwrap()).unwrap();
                set_passkey(device, method, passkey);
            }
        }
        let mut expected = vec![request.to_vec(), response.to_vec()];
        for key in [a.key.public, b.key.public] {
            expected.push(tagged(0x0c, &[key.x, key.y].concat()));
        }
        let (ca, cb, na, nb) = (list(&v, "ca"), list(&v, "cb"), list(&v, "na"), list(&v, "nb"));
        for round in 0..cb.len() {
            expected.extend(ca.get(round).map(|value| tagged(0x03, value)));
            expected.push(tagged(0x03, &cb[round]));
            expected.push(tagged(0x04, &na[round]));
            expected.push(tagged(0x04, &nb[round]));
        }
        expected.push(tagged(0x0d, &le::<16>(&v["ea"])));
        expected.push(tagged(0x0d, &le::<16>(&v["eb"])));

        a.pairing.start(crate::testing::NOW).unwrap();
        let trace = converse(&mut a, &mut b);
        assert!(trace.len() >= expected.len(), "{:?} {:?}", a.failure, b.failure);
        assert_eq!(trace[..expected.len()], expected, "{}", v["name"]);
        assert_eq!(a.used, Some(Key::new(le(&v["ltk"]))));
        assert!(a.outcome.is_some() && b.outcome.is_some(), "{:?} {:?}", a.failure, b.failure);
        if let Some(number) = v.get("numeric_comparison") {
            let shown = a.shown.unwrap().to_string();
            assert_eq!((shown.as_str(), a.shown), (number.as_str().unwrap(), b.shown));
        }
    }
}

#[test]
fn legacy() {
    for v in vectors("pairing_transcript_legacy") {
        let address = |kind: &str, octets: &str| {
            let kind = if v[kind].as_integer() == Some(1) {
                AddressKind::Random
            } else {
                AddressKind::Public
            };
            Address::new(kind, le(&v[octets]))
        };
        let (request, response): ([u8; 7], [u8; 7]) = (le(&v["preq"]), le(&v["pres"]));
        let (initiator, responder) = (address("iat", "ia"), address("rat", "ra"));
        let (mut a, mut b, method) = devices(&request, &response, initiator, responder);
        let tk: [u8; 16] = le(&v["tk"]);
        for (device, nonce) in [(&mut a, "mrand"), (&mut b, "srand")] {
            device.randoms = vec![le(&v[nonce])];
            device.oob = Some(Answer::TemporaryKey(Key::new(tk)));
            if matches!(method, Method::Passkey { .. }) {
                set_passkey(device, method, u32::from_le_bytes(tk[..4].try_into().unwrap()));
            }
        }
        let mut expected = vec![request.to_vec(), response.to_vec()];
        for (code, name) in [(3, "mconfirm"), (3, "sconfirm"), (4, "mrand"), (4, "srand")] {
            expected.push(tagged(code, &le::<16>(&v[name])));
        }
        a.pairing.start(crate::testing::NOW).unwrap();
        let trace = converse(&mut a, &mut b);
        assert!(trace.len() >= expected.len(), "{:?} {:?}", a.failure, b.failure);
        assert_eq!(trace[..expected.len()], expected, "{}", v["name"]);
        assert_eq!(a.used, Some(Key::new(le(&v["stk"]))));
        assert!(a.outcome.is_some() && b.outcome.is_some(), "{:?} {:?}", a.failure, b.failure);
    }
}
