//! Compares what the decoder of captures says about each packet with what tshark says.

use anyhow::{Context, Result, ensure};
use bindrune_trace::{Body, Capture, CaptureError, Decoder, Entry, Layer, Line, Value};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Fields of tshark: the protocols, and the opcode of each. The lowest layer is first.
const FIELDS: [&str; 11] = [
    "frame.protocols",
    "bthci_cmd.opcode",
    "bthci_evt.code",
    "bthci_evt.le_meta_subevent",
    "bthci_evt.opcode",
    "btl2cap.cid",
    "btl2cap.cmd_code",
    "btatt.opcode",
    "btsmp.opcode",
    "btsdp.pdu",
    "btrfcomm.frame_type",
];

/// Longest PDU that tshark 4.0 puts together. It counts the octets of a PDU with its header of 4 octets in 16 bits, so
/// that it leaves the fragments of a longer one as they are.
const LONGEST: i64 = 65_531;

/// One packet, as tshark sees it.
struct Row<'t> {
    cells: Vec<&'t str>,
}

impl Row<'_> {
    /// Returns the numbers of a field; a frame with several commands has several.
    fn numbers(&self, field: &str) -> Vec<i64> {
        let at = FIELDS.iter().position(|name| *name == field).unwrap_or_default();
        let cell = self.cells.get(at).copied().unwrap_or_default();
        cell.split(',').filter(|text| !text.is_empty()).filter_map(number).collect()
    }

    fn has(&self, protocol: &str) -> bool {
        self.cells.first().is_some_and(|cell| cell.split(':').any(|name| name == protocol))
    }
}

/// Returns whether tshark's fault with long PDUs, and nothing else, explains a difference.
fn is_too_long(row: &Row<'_>, entry: &Entry) -> bool {
    codes(entry, "pdu_length").first().is_some_and(|&length| length > LONGEST)
        && row.cells.first() == Some(&"bluetooth:hci_h4:bthci_acl")
}

fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Decodes a capture, and compares each packet with tshark. Returns the number of packets.
///
/// # Errors
/// When one of them differs, or the capture cannot be read.
pub fn check_agreement(path: &Path) -> Result<usize> {
    let entries = decode(path)?;
    let mut arguments = vec!["-T", "fields", "-E", "separator=/t"];
    for field in FIELDS {
        arguments.extend(["-e", field]);
    }
    let lines = crate::tshark::tshark(path, &arguments)?;
    ensure!(lines.len() == entries.len(), "{} and {} packets", lines.len(), entries.len());
    for (index, (line, entry)) in lines.iter().zip(&entries).enumerate() {
        let row = Row { cells: line.split('\t').collect() };
        compare(&row, entry).with_context(|| {
            format!(
                "{}, packet {}: {entry}\ntshark: {line}",
                path.display(),
                index.saturating_add(1)
            )
        })?;
    }
    Ok(entries.len())
}

fn decode(path: &Path) -> Result<Vec<Entry>> {
    let (mut decoder, mut entries) = (Decoder::new(), Vec::new());
    for line in packets(path)? {
        entries.push(decoder.packet(Some(line.time), line.direction, &line.octets));
    }
    Ok(entries)
}

/// Returns the last entries of a capture as text. A capture that a host still writes may end inside a record.
pub(crate) fn conversation(path: &Path, last: usize) -> Result<String> {
    Ok(bindrune_trace::conversation(packets(path)?.into_iter(), last))
}

fn packets(path: &Path) -> Result<Vec<Line>> {
    let mut capture = Capture::new(BufReader::new(File::open(path)?))?;
    let (mut lines, mut start) = (Vec::new(), None);
    loop {
        let packet = match capture.packet() {
            Ok(Some(packet)) => packet,
            Ok(None) | Err(CaptureError::Truncated(_)) => return Ok(lines),
            Err(error) => return Err(error.into()),
        };
        let Body::Hci(octets) = packet.body else { continue };
        let time = packet.time.unwrap_or_default();
        let time = time.saturating_sub(*start.get_or_insert(time));
        lines.push(Line { device: 0, time, direction: packet.direction, octets });
    }
}

/// Returns the numbers of a field of an entry, in the order of the packet.
fn codes(entry: &Entry, name: &str) -> Vec<i64> {
    let fields = entry.fields.iter().filter(|field| field.name == name);
    fields
        .filter_map(
            |field| if let Value::Number(number) = field.value { Some(number) } else { None },
        )
        .collect()
}

fn compare(row: &Row<'_>, entry: &Entry) -> Result<()> {
    let (layer, protocol, field) = match entry.layer {
        Layer::Hci if !row.numbers("bthci_cmd.opcode").is_empty() => {
            ("command", "bthci_cmd", "bthci_cmd.opcode")
        }
        Layer::Hci => ("event", "bthci_evt", "bthci_evt.code"),
        Layer::Att => ("att", "btatt", "btatt.opcode"),
        Layer::Smp => ("smp", "btsmp", "btsmp.opcode"),
        Layer::Sdp => ("sdp", "btsdp", "btsdp.pdu"),
        Layer::Rfcomm => ("rfcomm", "btrfcomm", "btrfcomm.frame_type"),
        Layer::L2cap => ("l2cap", "btl2cap", "btl2cap.cmd_code"),
        Layer::Acl => ("acl", "bthci_acl", ""),
        Layer::Sco => ("sco", "bthci_sco", ""),
        Layer::Iso => ("iso", "bthci_iso", ""),
        Layer::Capture => ("capture", "", ""),
    };
    if is_too_long(row, entry) {
        return Ok(());
    }
    ensure!(row.has(protocol), "tshark sees no {protocol}");
    if layer == "acl" {
        ensure!(!row.has("btatt") && !row.has("btsmp"), "tshark sees a whole PDU");
        return Ok(());
    }
    let (ours, theirs) = (codes(entry, "code"), row.numbers(field));
    ensure!(ours == theirs, "{field} is {theirs:?}, not {ours:?}");
    if layer == "event" {
        let subevents = (codes(entry, "subevent"), row.numbers("bthci_evt.le_meta_subevent"));
        ensure!(subevents.0 == subevents.1, "the subevents differ: {subevents:?}");
        let commands = (codes(entry, "command_code"), row.numbers("bthci_evt.opcode"));
        ensure!(commands.0 == commands.1, "the answered commands differ: {commands:?}");
    }
    if layer == "l2cap" {
        let cids = (
            codes(entry, "cid").into_iter().take(1).collect::<Vec<_>>(),
            row.numbers("btl2cap.cid"),
        );
        ensure!(cids.0 == cids.1.into_iter().take(1).collect::<Vec<_>>(), "the CIDs differ");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

    const LE: &[u8] =
        &[4, 0x3e, 0x13, 1, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xc8, 0, 0];
    const CLASSIC: &[u8] = &[4, 3, 0x0b, 0, 0x40, 0, 1, 2, 3, 4, 5, 6, 1, 0];

    /// A btsnoop file with packets to the controller, after the event of a connection of handle 0x0040.
    fn btsnoop(connected: &[u8], packets: &[Vec<u8>]) -> Vec<u8> {
        let mut file = b"btsnoop\0\x00\x00\x00\x01\x00\x00\x03\xea".to_vec();
        let sent = packets.iter().map(|packet| (0u32, &packet[..]));
        for (flags, octets) in [(3u32, connected)].into_iter().chain(sent) {
            let length = u32::try_from(octets.len()).unwrap();
            file.extend([length, length, flags, 0, 0, 0].map(u32::to_be_bytes).concat());
            file.extend_from_slice(octets);
        }
        file
    }

    /// The fragments of a PDU on channel 0x0040.
    fn fragments(length: u16) -> Vec<Vec<u8>> {
        let pdu = [&length.to_le_bytes()[..], &[0x40, 0], &vec![0; length.into()]].concat();
        let fragment = |(index, part): (usize, &[u8])| {
            let size = u16::try_from(part.len()).unwrap().to_le_bytes();
            [&[2, 0x40, if index == 0 { 0 } else { 0x10 }], &size[..], part].concat()
        };
        pdu.chunks(1017).enumerate().map(fragment).collect()
    }

    /// The fault of tshark is that of exactly these lengths.
    #[test]
    fn tshark_leaves_the_fragments_of_the_longest_pdus() {
        let scratch = Scratch::new("agree_longest").unwrap();
        for (length, is_whole) in [(65_531, true), (65_532, false), (65_535, false)] {
            let path = scratch.file("pdu.btsnoop");
            std::fs::write(&path, btsnoop(CLASSIC, &fragments(length))).unwrap();
            assert_eq!(check_agreement(&path).unwrap(), 66, "{length}");
            let protocols =
                crate::tshark::tshark(&path, &["-T", "fields", "-e", "frame.protocols"]).unwrap();
            let last = protocols.last().unwrap();
            assert_eq!(last.ends_with("btl2cap"), is_whole, "{length}: {last}");
            let entries = decode(&path).unwrap();
            let fault = Row { cells: vec!["bluetooth:hci_h4:bthci_acl"] };
            assert_eq!(compare(&fault, entries.last().unwrap()).is_err(), is_whole, "{length}");
        }
    }

    #[test]
    fn a_difference_is_found() {
        let scratch = Scratch::new("agree").unwrap();
        let path = scratch.file("request.btsnoop");
        std::fs::write(&path, btsnoop(LE, &[vec![2, 0x40, 0, 7, 0, 3, 0, 4, 0, 0x0a, 3, 0]]))
            .unwrap();
        assert_eq!(check_agreement(&path).unwrap(), 2);

        let entries = decode(&path).unwrap();
        let row = |line: &'static str| Row { cells: line.split('\t').collect() };
        let request = row("bluetooth:hci_h4:bthci_acl:btl2cap:btatt\t\t\t\t\t0x0004\t\t0x0a");
        assert!(compare(&request, &entries[1]).is_ok());
        for other in [
            "bluetooth:hci_h4:bthci_acl:btl2cap:btatt\t\t\t\t\t0x0004\t\t0x0b",
            "bluetooth:hci_h4:bthci_acl:btl2cap\t\t\t\t\t0x0004\t0x0a",
            "bluetooth:hci_h4:bthci_evt\t\t0x0e",
        ] {
            assert!(compare(&row(other), &entries[1]).is_err(), "{other}");
        }
        assert!(conversation(&path, 9).unwrap().contains("Read Request: 0003"));
    }
}
