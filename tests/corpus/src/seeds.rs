//! Bad inputs in the form of each fuzz body.

use core::iter;

use bindrune_hci::{
    h4::{Direction, PacketType},
    snoop,
};

use bindrune_smp::{Bond, Key, Keys, LongTermKey, Method};
use bindrune_wire::{Address, Writer};

use crate::rows::{Row, rows};

/// A file of the corpus that was made from a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The fuzz target, which is also the name of the folder.
    pub target: &'static str,
    /// The name of the file: the row, and a number if a row has several files.
    pub name: String,
    /// The contents of the file.
    pub octets: Vec<u8>,
}

/// Returns the seeds of all rows.
#[must_use]
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for row in rows() {
        let packets = row.packets(REPEATS);
        match row.layer {
            "H4" => {
                hci(&row, &packets, &mut seeds);
                capture(&row, &packets, &mut seeds);
            }
            "HCI" => hci(&row, &packets, &mut seeds),
            "AD" => {
                hci(&row, &packets, &mut seeds);
                each(&row, "gap_ad_data", packets.iter().filter_map(|p| ad_data(p)), &mut seeds);
            }
            "ACL" | "L2CAP-sig" | "L2CAP-CoC" => l2cap(&row, &packets, &mut seeds),
            "ATT-srv" | "ATT-cli" => att(&row, &packets, &mut seeds),
            "SMP" => {
                smp(&row, &packets, &mut seeds);
                each(&row, "smp_bond", bonds(&row).into_iter(), &mut seeds);
            }
            "bond" => {
                each(&row, "smp_bond", bonds(&row).into_iter(), &mut seeds);
                let files = bindrune::fuzz::bond_file_seeds();
                let own = files.into_iter().filter(|(id, _)| *id == row.id);
                own.for_each(|(_, octets)| one(&row, "bond_file", octets, &mut seeds));
            }
            _ => {}
        }
    }
    seeds.retain(|seed| !seed.octets.is_empty());
    seeds
}

/// Maximum number of repetitions in a seed.
const REPEATS: usize = 8;
const EVENT: u8 = 0x04;
const ACL: u8 = 0x02;
const SIGNALLING: u8 = 5;
const ATT: u8 = 4;
const SMP: u8 = 6;

fn hci(row: &Row, packets: &[Vec<u8>], seeds: &mut Vec<Seed>) {
    const NO_PREFERENCE: u8 = 0x12;
    one(row, "hci_h4", packets.concat(), seeds);
    let events = || packets.iter().filter_map(|p| p.strip_prefix(&[EVENT]));
    each(row, "hci_events", events().map(<[u8]>::to_vec), seeds);
    let reported = events().filter_map(|event| {
        let (&[code, _], parameters) = event.split_first_chunk()?;
        Some(iter::once(NO_PREFERENCE).chain(counted(&[&[code], parameters].concat())).collect())
    });
    one(row, "gap_operations", reported.collect::<Vec<Vec<u8>>>().concat(), seeds);
}

fn capture(row: &Row, packets: &[Vec<u8>], seeds: &mut Vec<Seed>) {
    let records = packets.iter().filter_map(|packet| {
        let kind = PacketType(*packet.first()?);
        let total = u32::try_from(packet.len()).ok()?;
        let head = snoop::record(Direction::ToHost, kind, snoop::UNIX_EPOCH, total);
        Some([&head, packet.as_slice()].concat())
    });
    one(
        row,
        "hci_snoop",
        iter::once(snoop::header().to_vec()).chain(records).flatten().collect(),
        seeds,
    );
}

fn l2cap(row: &Row, packets: &[Vec<u8>], seeds: &mut Vec<Seed>) {
    const SIGNAL: u8 = 0b000;
    const FIRST: u8 = 0b010;
    const NEXT: u8 = 0b110;
    let fragments = || packets.iter().filter_map(|p| fragment(p));
    let signals = || fragments().filter_map(|(_, frame)| pdu(frame, SIGNALLING));
    if row.layer == "L2CAP-sig" {
        one(row, "l2cap_signalling", signals().flat_map(counted).collect(), seeds);
        let received = signals().flat_map(|pdu| iter::once(SIGNAL).chain(counted(pdu)));
        one(row, "l2cap_operations", received.collect(), seeds);
        return;
    }
    let received = fragments().flat_map(|(first, octets)| {
        iter::once(if first { FIRST } else { NEXT }).chain(counted(octets))
    });
    one(row, "l2cap_operations", received.collect(), seeds);
    let landed =
        fragments().flat_map(|(first, octets)| iter::once(u8::from(!first)).chain(counted(octets)));
    one(row, "l2cap_reassembly", landed.collect(), seeds);
}

fn att(row: &Row, packets: &[Vec<u8>], seeds: &mut Vec<Seed>) {
    let frames = packets.iter().filter_map(|p| fragment(p));
    let pdus: Vec<_> = frames.filter_map(|(_, frame)| pdu(frame, ATT)).collect();
    each(row, "att_pdu", pdus.iter().map(|pdu| pdu.to_vec()), seeds);
    one(row, "att_bearer", pdus.iter().flat_map(|pdu| bearer(pdu)).collect(), seeds);
    if row.layer == "ATT-srv" {
        const STRANGER: u8 = 0x00;
        const TRUSTED: u8 = 0x07;
        let both = pdus.iter().flat_map(|&pdu| {
            [STRANGER, TRUSTED].into_iter().flat_map(|peer| iter::once(peer).chain(counted(pdu)))
        });
        one(row, "gatt_server", both.collect(), seeds);
    } else {
        let pick = pdus.first().map(|pdu| procedure(pdu));
        let answers = pdus.iter().flat_map(|pdu| counted(pdu.get(..63).unwrap_or(pdu)));
        one(row, "gatt_client", pick.into_iter().chain(answers).collect(), seeds);
    }
}

/// Adds the PDUs alone, and after a Pairing Request to a device that accepts everything.
fn smp(row: &Row, packets: &[Vec<u8>], seeds: &mut Vec<Seed>) {
    const RESPONDER: [u8; 3] = [1, 4, 0x07];
    const REQUEST: [u8; 9] = [0, 7, 1, 4, 0, 0x0d, 16, 3, 3];
    const KEY_PAIR: [u8; 2] = [4, 1];
    const PDU: u8 = 0;
    let frames = packets.iter().filter_map(|p| fragment(p));
    let pdus: Vec<_> = frames.filter_map(|(_, frame)| pdu(frame, SMP)).collect();
    each(row, "smp_pdu", pdus.iter().map(|pdu| pdu.to_vec()), seeds);
    let received = || pdus.iter().flat_map(|pdu| iter::once(PDU).chain(counted(pdu)));
    if !pdus.is_empty() {
        let begun = [RESPONDER.as_slice(), &REQUEST, &KEY_PAIR].concat();
        let alone = RESPONDER.into_iter().chain(received()).collect();
        let within = begun.into_iter().chain(received()).collect();
        each(row, "smp_pairing", [alone, within].into_iter(), seeds);
    }
}

/// Returns the records that a row describes.
fn bonds(row: &Row) -> Vec<Vec<u8>> {
    let ltk = |octet| LongTermKey { key: Key::new([octet; 16]), ediv: 0, rand: [0; 8] };
    let bond = |octet, key_size| Bond {
        peer: Address::public([6; 6]),
        local: Address::public([7; 6]),
        method: Method::Passkey { initiator_inputs: true, responder_inputs: false },
        secure: false,
        authenticated: true,
        key_size,
        keys: Keys { local: Some(ltk(octet)), ..Keys::default() },
        local_sign: 0,
        peer_sign: 0,
        gatt: [0; Bond::GATT],
        service_changed: 0,
    };
    let made = match row.id {
        "P41" => vec![bond(1, 16)],
        "B09" => vec![bond(0, 16), bond(1, 0), bond(1, 17)],
        _ => Vec::new(),
    };
    let written = made.into_iter().map(|bond| {
        let mut record = [0; Bond::SIZE];
        let mut w = Writer::new(&mut record);
        let whole = bond.write(&mut w).is_ok();
        if whole { w.written().to_vec() } else { Vec::new() }
    });
    written.collect()
}

/// Returns the request that `pdu` may answer, `pdu`, and the transmission of the pending PDUs.
fn bearer(pdu: &[u8]) -> Vec<u8> {
    const REQUEST: u8 = 0x04;
    const PDU: u8 = 0x0f;
    const TRANSMIT: u8 = 0x08;
    let pdu = pdu.get(..15).unwrap_or(pdu);
    let request = pdu.first().map(|opcode| (opcode & 0x1e) << 3 | REQUEST);
    let len = pdu.len().to_le_bytes().first().map(|len| len << 4 | PDU);
    let head = request.into_iter().chain(len);
    head.chain(pdu.iter().copied()).chain([TRANSMIT]).collect()
}

/// Returns the procedure of the client body that waits for this response.
fn procedure(response: &[u8]) -> u8 {
    match response.first() {
        Some(0x05) => 6,
        Some(0x07) => 2,
        Some(0x09) => 4,
        Some(0x0b) => 14,
        Some(0x0d) => 9,
        Some(0x0f | 0x21) => 8,
        Some(0x13) => 10,
        Some(0x17) => 11,
        Some(0x11) => 0,
        _ => 13,
    }
}

/// Returns one octet of length, then as much of `octets` as it can count.
fn counted(octets: &[u8]) -> Vec<u8> {
    let octets = octets.get(..255).unwrap_or(octets);
    octets.len().to_le_bytes().into_iter().take(1).chain(octets.iter().copied()).collect()
}

/// Returns whether an ACL packet starts a PDU, and its data.
fn fragment(packet: &[u8]) -> Option<(bool, &[u8])> {
    let (&[kind, _, flags, _, _], data) = packet.split_first_chunk()?;
    (kind == ACL).then_some((flags & 0x30 != 0x10, data))
}

/// Returns the payload of a basic L2CAP frame on `cid`.
fn pdu(frame: &[u8], cid: u8) -> Option<&[u8]> {
    let (&[_, _, low, high], payload) = frame.split_first_chunk()?;
    ((low, high) == (cid, 0)).then_some(payload)
}

/// Returns the advertising data of a legacy report.
fn ad_data(packet: &[u8]) -> Option<Vec<u8>> {
    let (&[.., len], rest) = packet.split_first_chunk::<14>()?;
    rest.get(..len.into()).map(<[u8]>::to_vec)
}

fn one(row: &Row, target: &'static str, octets: Vec<u8>, seeds: &mut Vec<Seed>) {
    seeds.push(Seed { target, name: row.id.to_owned(), octets });
}

/// Adds one seed for each of `inputs` without a seed.
fn each(
    row: &Row,
    target: &'static str,
    inputs: impl Iterator<Item = Vec<u8>>,
    seeds: &mut Vec<Seed>,
) {
    for (octets, number) in inputs.zip(1..) {
        if !seeds.iter().any(|seed| seed.target == target && seed.octets == octets) {
            seeds.push(Seed { target, name: format!("{}-{number}", row.id), octets });
        }
    }
}
