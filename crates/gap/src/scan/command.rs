//! The commands of a scanner, legacy or extended, never both. [Vol 4] Part E, 3.1.1

use bindrune_hci::{
    Opcode, PhyMask, ScanFilterPolicy,
    cmd::le::{
        ScanPhy, SetExtendedScanEnable, SetExtendedScanParameters, SetScanEnable, SetScanParameters,
    },
};
use bindrune_wire::Writer;

use super::Scan;
use crate::{
    ControllerInfo,
    command::{put, units_16},
};

pub(super) fn parameters(scan: &Scan, info: &ControllerInfo, w: &mut Writer<'_>) -> Option<Opcode> {
    let active = u8::from(scan.active);
    let interval = units_16(scan.interval, UNIT, MIN, MAX);
    let window = units_16(scan.window, UNIT, MIN, interval);
    let own_address_type = info.own_address_type();
    let filter_policy =
        if scan.accept_list_only { ScanFilterPolicy::BY_LIST } else { ScanFilterPolicy::ALL };
    if !info.is_extended() {
        let (interval, window) = (interval.into(), window.into());
        let command =
            SetScanParameters { active, interval, window, own_address_type, filter_policy };
        return put(w, &command);
    }
    let phy = ScanPhy { active, interval: interval.into(), window: window.into() };
    let coded = scan.phys.contains(PhyMask::CODED).then_some(phy);
    let le_1m = (coded.is_none() || scan.phys.contains(PhyMask::LE_1M)).then_some(phy);
    put(w, &SetExtendedScanParameters { own_address_type, filter_policy, le_1m, coded })
}

pub(super) fn enable(scan: &Scan, info: &ControllerInfo, w: &mut Writer<'_>) -> Option<Opcode> {
    set(1, u8::from(scan.filter_duplicates), info, w)
}

pub(super) fn disable(info: &ControllerInfo, w: &mut Writer<'_>) -> Option<Opcode> {
    set(0, 0, info, w)
}

fn set(
    enable: u8,
    filter_duplicates: u8,
    info: &ControllerInfo,
    w: &mut Writer<'_>,
) -> Option<Opcode> {
    if info.is_extended() {
        let (duration, period) = (0.into(), 0.into());
        put(w, &SetExtendedScanEnable { enable, filter_duplicates, duration, period })
    } else {
        put(w, &SetScanEnable { enable, filter_duplicates })
    }
}

/// The unit of interval and window, in microseconds.
const UNIT: u16 = 625;
/// 2.5 ms.
const MIN: u16 = 4;
/// 10.24 s.
const MAX: u16 = 0x4000;
