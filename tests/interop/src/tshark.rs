//! Checks captures with tshark.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// Malformed packets, expert errors, and expert warnings about the protocol. (A note about it is not a
/// fault: each part of a long value has one.)
const FAULTS: &str = "_ws.malformed || _ws.expert.severity >= 0x00800000 \
    || (_ws.expert.group == 0x09000000 && _ws.expert.severity >= 0x00600000)";
/// Sound frames of Enhanced Retransmission mode that tshark 4.0 takes for malformed: the first of an SDU, because tshark
/// expects the whole SDU in it, and an S-frame without FCS, because tshark ignores the FCS option.
const SOUND: &str =
    "btl2cap.control_sar == 1 || (btl2cap.control_type == 1 && btl2cap.length == 2)";

/// Contents of a capture without faults.
#[derive(Clone, Copy, Debug)]
pub struct Capture {
    /// All HCI packets.
    pub packets: usize,
    /// Those with an ATT PDU.
    pub att: usize,
    /// Those with a frame of an LE credit-based channel, or of its signalling.
    pub l2cap: usize,
}

/// Reads a btsnoop file with tshark, and counts the packets of a capture without faults.
///
/// # Errors
/// When tshark is missing, cannot read the file, or finds a malformed packet or a protocol error;
/// the message then lists those packets.
pub fn check_capture(path: &Path) -> Result<Capture> {
    check(path, &format!("({FAULTS}) && !({SOUND})"))
}

/// As [`check_capture`], for what the host sent; ignores what the controller sent.
///
/// # Errors
/// As [`check_capture`].
pub fn check_sent(path: &Path) -> Result<Capture> {
    check(path, &format!("hci_h4.direction == 0 && ({FAULTS}) && !({SOUND})"))
}

fn check(path: &Path, faulty: &str) -> Result<Capture> {
    let [faults, packets, att, l2cap] = count(path, [faulty, "frame", "btatt", "btl2cap"])?;
    if faults > 0 {
        let summary = tshark(path, &["-Y", faulty])?;
        let details = tshark(path, &["-Y", faulty, "-V"])?;
        let experts: Vec<_> = details
            .iter()
            .filter(|l| l.contains("Expert Info") || l.contains("Malformed"))
            .collect();
        anyhow::bail!("{}: tshark objects to:\n{summary:#?}\n{experts:#?}", path.display());
    }
    Ok(Capture { packets, att, l2cap })
}

/// Counts the packets of each filter, in one run of tshark. Its table has one row, with packets and bytes for each.
fn count<const N: usize>(path: &Path, filters: [&str; N]) -> Result<[usize; N]> {
    let table = tshark(path, &["-q", "-z", &format!("io,stat,0,{}", filters.join(","))])?;
    let row = table.iter().find(|line| line.contains("<>"));
    let row = row.with_context(|| format!("{} holds less than two packets", path.display()))?;
    let cells = row.split('|').skip(2).step_by(2);
    let counts = cells.filter_map(|cell| cell.trim().parse().ok()).collect::<Vec<usize>>();
    counts.try_into().map_err(|_| anyhow::anyhow!("tshark counts otherwise: {row:?}"))
}

/// Returns the lines that tshark prints.
fn tshark(path: &Path, arguments: &[&str]) -> Result<Vec<String>> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(path).args(arguments);
    let output = command.output().context("cannot start tshark; `./test.sh` installs it")?;
    ensure!(
        output.status.success(),
        "tshark cannot read {}: {}",
        path.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

    /// LE Connection Complete for handle 0x0040; without it, tshark objects to ACL data.
    const CONNECTED: [u8; 22] =
        [4, 0x3e, 0x13, 1, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xc8, 0, 0];

    /// A btsnoop file of H4 packets: events came from the controller, the others went to it.
    fn btsnoop(packets: &[&[u8]]) -> Vec<u8> {
        let mut file = b"btsnoop\0\x00\x00\x00\x01\x00\x00\x03\xea".to_vec();
        for (at, packet) in (0u64..).step_by(1_000_000).zip(packets) {
            let length = u32::try_from(packet.len()).unwrap().to_be_bytes();
            let flags = if packet[0] == 4 { [0, 0, 0, 3] } else { [0; 4] };
            file.extend([length, length, flags, [0; 4]].concat());
            file.extend(at.to_be_bytes());
            file.extend_from_slice(packet);
        }
        file
    }

    #[test]
    fn a_fault_is_found_and_a_sound_packet_is_not_one() {
        let scratch = Scratch::new("tshark").unwrap();
        let path = scratch.file("sound.btsnoop");
        let read_request = [2, 0x40, 0, 7, 0, 3, 0, 4, 0, 0x0a, 3, 0];
        std::fs::write(&path, btsnoop(&[&CONNECTED, &read_request])).unwrap();
        let capture = check_capture(&path).unwrap();
        assert_eq!((capture.packets, capture.att), (2, 1));

        let path = scratch.file("faulty.btsnoop");
        let short_request = [2, 0x40, 0, 6, 0, 2, 0, 4, 0, 0x0a, 3];
        std::fs::write(&path, btsnoop(&[&CONNECTED, &read_request, &short_request])).unwrap();
        assert!(check_capture(&path).unwrap_err().to_string().contains("Malformed"));
    }
}
