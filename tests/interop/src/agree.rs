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

    /// A btsnoop file with one packet to the controller, after an LE Connection Complete of handle 0x0040.
    fn btsnoop(packet: &[u8]) -> Vec<u8> {
        let connected =
            [4, 0x3e, 0x13, 1, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xc8, 0, 0];
        let mut file = b"btsnoop\0\x00\x00\x00\x01\x00\x00\x03\xea".to_vec();
        for (flags, octets) in [(3u32, &connected[..]), (0, packet)] {
            let length = u32::try_from(octets.len()).unwrap();
            file.extend([length, length, flags, 0, 0, 0].map(u32::to_be_bytes).concat());
            file.extend_from_slice(octets);
        }
        file
    }

    #[test]
    fn a_difference_is_found() {
        let scratch = Scratch::new("agree").unwrap();
        let path = scratch.file("request.btsnoop");
        std::fs::write(&path, btsnoop(&[2, 0x40, 0, 7, 0, 3, 0, 4, 0, 0x0a, 3, 0])).unwrap();
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
