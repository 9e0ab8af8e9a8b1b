//! Checks captures with tshark.

use crate::agree::check_agreement;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// Malformed packets, expert errors, and expert warnings about the protocol. (A note about it is not a
/// fault: each part of a long value has one.)
const FAULTS: &str = "_ws.malformed || _ws.expert.severity >= 0x00800000 \
    || (_ws.expert.group == 0x09000000 && _ws.expert.severity >= 0x00600000)";
/// Sound frames of Enhanced Retransmission mode that tshark 4.0 takes for malformed. Each has this form, no other
/// fault, and no protocol above it. [Vol 3] Part A, 3.3.2
///
/// - The first I-frame of an SDU that is longer than the frame: tshark expects the whole SDU in it. The FCS option
///   decides whether 6 or 4 of the frame's bytes are no data, so the SDU has at least the larger number of data bytes.
/// - An S-frame without FCS, because tshark ignores the FCS option. Its reserved bits are zero, and it does not have
///   both P and F.
const SOUND: &str = r#"(
    btl2cap.control_type == 0 && btl2cap.control_sar == 1 && btl2cap.sdulength > {btl2cap.length - 6}
    || btl2cap.length == 2
        && btl2cap[4:2] matches r"^[\x01\x05\x09\x0d\x11\x15\x19\x1d\x81\x85\x89\x8d][\x00-\x3f]$"
) && all _ws.expert.message == "Malformed Packet (Exception occurred)"
    && frame.protocols == "bluetooth:hci_h4:bthci_acl:btl2cap""#;

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

/// Reads a btsnoop file with tshark, and counts the packets of a capture without faults. The decoder of
/// `bindrune trace` must say the same about each packet ([`check_agreement`]).
///
/// # Errors
/// When tshark is missing, cannot read the file, or finds a malformed packet or a protocol error;
/// the message then lists those packets. When the decoder differs from tshark.
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
    check_agreement(path)?;
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
pub(crate) fn tshark(path: &Path, arguments: &[&str]) -> Result<Vec<String>> {
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
mod tests;
