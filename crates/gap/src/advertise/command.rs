//! The commands of an advertising set, legacy or extended, never both. [Vol 4] Part E, 3.1.1

use bindrune_hci::{
    AdvertisingType, DataOperation, DeviceAddress, Opcode, OwnAddressType, Phy,
    cmd::le::{
        AdvertisingProperties, DataFragment, EnabledSet, LegacyData, RemoveAdvertisingSet,
        SetAdvertisingData, SetAdvertisingEnable, SetAdvertisingParameters,
        SetAdvertisingSetRandomAddress, SetExtendedAdvertisingData, SetExtendedAdvertisingEnable,
        SetExtendedAdvertisingParameters, SetExtendedScanResponseData, SetScanResponseData,
        interval,
    },
};
use bindrune_wire::Writer;

use super::{Gate, SetId, request::Request, set::AdvertisingSet, step::Step};
use crate::{AdvertisementKind, ControllerInfo, ExtendedPdus, capability::EXTENDED, command::put};

/// Writes the command of one step.
pub(super) fn write(
    id: SetId,
    step: Step,
    set: &mut AdvertisingSet,
    data: &[u8],
    (info, gate): (&ControllerInfo, Gate<'_>),
    w: &mut Writer<'_>,
) -> Option<Opcode> {
    if step == Step::Off {
        return enable(id, false, false, info, w);
    }
    if step == Step::On {
        let high_duty = set.active()?.is_high_duty();
        set.turning_on();
        return enable(id, true, high_duty, info, w);
    }
    let request = set.active()?;
    let (first, second) = data.split_at_checked(request.split)?;
    let own = request.own_type(info, gate);
    match step {
        Step::Remove if EXTENDED => put(w, &RemoveAdvertisingSet { set: id.0 }),
        Step::Parameters if info.is_extended() => put(w, &extended_parameters(id, request, own)),
        Step::Parameters => put(w, &legacy_parameters(request, own)),
        Step::Address if EXTENDED => {
            let address = info.own_address().octets();
            put(w, &SetAdvertisingSetRandomAddress { set: id.0, address })
        }
        Step::Data(from) if info.is_extended() => {
            let fragment = fragment(id, from, first.get(..request.len.0)?)?;
            put(w, &SetExtendedAdvertisingData { fragment })
        }
        Step::Data(_) => put(w, &SetAdvertisingData { data: legacy(first, request.len.0)? }),
        Step::Response(from) if info.is_extended() => {
            let fragment = fragment(id, from, second.get(..request.len.1)?)?;
            put(w, &SetExtendedScanResponseData { fragment })
        }
        Step::Response(_) => put(w, &SetScanResponseData { data: legacy(second, request.len.1)? }),
        Step::Off | Step::On | Step::Remove | Step::Address => None,
    }
}

/// Returns the first octets of a set's memory as data of a legacy PDU.
#[inline(never)]
fn legacy(memory: &[u8], len: usize) -> Option<LegacyData> {
    LegacyData::new(memory.get(..len)?).ok()
}

fn enable(
    id: SetId,
    on: bool,
    high_duty: bool,
    info: &ControllerInfo,
    w: &mut Writer<'_>,
) -> Option<Opcode> {
    let enable = u8::from(on);
    if !info.is_extended() {
        return put(w, &SetAdvertisingEnable { enable });
    }
    let duration = if high_duty { HIGH_DUTY_DURATION } else { 0 };
    let sets = [EnabledSet { set: id.0, duration: duration.into(), max_events: 0 }];
    put(w, &SetExtendedAdvertisingEnable { enable, sets: &sets })
}

/// Returns the fragment of the data that begins at octet `from`.
fn fragment(id: SetId, from: usize, data: &[u8]) -> Option<DataFragment<'_>> {
    let end = Step::end(from, data.len());
    let operation = match (from == 0, end == data.len()) {
        (true, true) => DataOperation::COMPLETE,
        (true, false) => DataOperation::FIRST,
        (false, false) => DataOperation::INTERMEDIATE,
        (false, true) => DataOperation::LAST,
    };
    let data = data.get(from..end)?;
    Some(DataFragment { set: id.0, operation, fragment_preference: MAY_FRAGMENT, data })
}

fn legacy_parameters(request: &Request, own: OwnAddressType) -> SetAdvertisingParameters {
    let (kind, peer) = match request.parameters.kind {
        AdvertisementKind::Connectable => (AdvertisingType::CONNECTABLE, DeviceAddress::NONE),
        AdvertisementKind::Scannable => (AdvertisingType::SCANNABLE, DeviceAddress::NONE),
        AdvertisementKind::NonConnectable => {
            (AdvertisingType::NON_CONNECTABLE, DeviceAddress::NONE)
        }
        AdvertisementKind::Directed { peer, high_duty: true } => {
            (AdvertisingType::DIRECTED_HIGH_DUTY, peer.into())
        }
        AdvertisementKind::Directed { peer, high_duty: false } => {
            (AdvertisingType::DIRECTED_LOW_DUTY, peer.into())
        }
    };
    let (min, max) = request.parameters.interval;
    let legacy = |units: u32| u16::try_from(units).unwrap_or(u16::MAX);
    let min = legacy(min).clamp(INTERVAL_MIN, LEGACY_INTERVAL_MAX);
    let max = legacy(max).clamp(min, LEGACY_INTERVAL_MAX);
    SetAdvertisingParameters {
        interval_min: min.into(),
        interval_max: max.into(),
        kind,
        own_address_type: own,
        peer,
        channels: request.parameters.channels.bits(),
        filter_policy: request.filter(),
    }
}

fn extended_parameters(
    id: SetId,
    request: &Request,
    own: OwnAddressType,
) -> SetExtendedAdvertisingParameters {
    let (min, max) = request.parameters.interval;
    let min = min.clamp(INTERVAL_MIN.into(), EXTENDED_INTERVAL_MAX);
    let max = max.clamp(min, EXTENDED_INTERVAL_MAX);
    let extended = request.parameters.extended.unwrap_or(LEGACY_PDUS);
    SetExtendedAdvertisingParameters {
        set: id.0,
        properties: properties(request).bits().into(),
        interval_min: interval(min),
        interval_max: interval(max),
        channels: request.parameters.channels.bits(),
        own_address_type: own,
        peer: match request.parameters.kind {
            AdvertisementKind::Directed { peer, .. } => peer.into(),
            AdvertisementKind::Connectable
            | AdvertisementKind::Scannable
            | AdvertisementKind::NonConnectable => DeviceAddress::NONE,
        },
        filter_policy: request.filter(),
        tx_power: extended.tx_power.unwrap_or(ANY_POWER),
        primary_phy: extended.primary,
        secondary_max_skip: 0,
        secondary_phy: extended.secondary,
        sid: extended.sid & 0x0f,
        scan_request_notification: 0,
    }
}

fn properties(request: &Request) -> AdvertisingProperties {
    use AdvertisingProperties as P;
    let kind = match request.parameters.kind {
        AdvertisementKind::Connectable if request.parameters.extended.is_none() => {
            P::CONNECTABLE | P::SCANNABLE
        }
        AdvertisementKind::Connectable => P::CONNECTABLE,
        AdvertisementKind::Scannable => P::SCANNABLE,
        AdvertisementKind::NonConnectable => P::empty(),
        AdvertisementKind::Directed { high_duty: false, .. } => P::CONNECTABLE | P::DIRECTED,
        AdvertisementKind::Directed { high_duty: true, .. } => {
            P::CONNECTABLE | P::DIRECTED | P::HIGH_DUTY
        }
    };
    let mut properties = kind;
    match request.parameters.extended {
        None => properties |= P::LEGACY,
        Some(extended) => {
            let alone = matches!(request.parameters.kind, AdvertisementKind::NonConnectable);
            properties.set(P::ANONYMOUS, extended.anonymous && alone);
            properties.set(P::INCLUDE_TX_POWER, extended.include_tx_power);
        }
    }
    properties
}

/// Legacy PDUs sent with extended commands.
const LEGACY_PDUS: ExtendedPdus = ExtendedPdus {
    primary: Phy::LE_1M,
    secondary: Phy::LE_1M,
    sid: 0,
    tx_power: None,
    anonymous: false,
    include_tx_power: false,
};

/// 20 ms.
const INTERVAL_MIN: u16 = 0x20;
/// 10.24 s.
const LEGACY_INTERVAL_MAX: u16 = 0x4000;
const EXTENDED_INTERVAL_MAX: u32 = 0x00ff_ffff;
/// 1.28 s, in units of 10 ms. [Vol 4] Part E, 7.8.56
const HIGH_DUTY_DURATION: u16 = 128;
/// The controller chooses the transmit power.
const ANY_POWER: i8 = 127;
/// The controller may fragment the data on the air.
const MAY_FRAGMENT: u8 = 0;
