//! Bodies of the fuzz targets; each takes any octets.

use bindrune_wire::{Handle, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    Event, Opcode, Status,
    cmd::{RawCommand, baseband, classic, le, vendor},
    credits::{AclCredits, Buffers, HostCredits, HostLinkCredits, LinkCredits},
    event::{ClassicEvent, EVENT_MAX, RawEvent},
    h4::{Deframer, Direction, Want},
    lane::{CommandLane, Ticket},
    snoop::Capture,
};

/// An event packet: a parsed event can be written, and is parsed to the same event again.
pub fn events(data: &[u8]) {
    let Ok(raw) = RawEvent::parse(data) else { return };
    let mut buffer = [0; EVENT_MAX];
    let mut w = Writer::new(&mut buffer);
    if let Ok(Some(event)) = ClassicEvent::parse_raw(raw) {
        assert_eq!(event.write(&mut w), Ok(()));
        let again = RawEvent::parse(w.written()).and_then(ClassicEvent::parse_raw);
        assert_eq!(again, Ok(Some(event)));
    }
    let Ok(event) = Event::parse(raw.code, raw.parameters) else { return };
    let reports = if let Event::LeAdvertisingReport(reports) = event {
        reports.iter().count()
    } else if let Event::LeExtendedAdvertisingReport(reports) = event {
        reports.iter().count()
    } else if let Event::LeDirectedAdvertisingReport(reports) = event {
        reports.iter().count()
    } else {
        1
    };
    assert!(reports > 0);
    let mut buffer = [0; EVENT_MAX];
    let mut w = Writer::new(&mut buffer);
    assert_eq!(event.write(&mut w), Ok(()));
    let again = RawEvent::parse(w.written()).and_then(|raw| Event::parse(raw.code, raw.parameters));
    assert_eq!(again, Ok(event));
}

/// A command packet, for every parser of variable length.
pub fn commands(data: &[u8]) {
    let parameters = RawCommand::parse(data).map_or(data, |raw| raw.parameters);
    let _ = baseband::HostNumberOfCompletedPackets::parse(parameters);
    let _ = baseband::Reset::parse(parameters);
    let _ = classic::WriteCurrentIacLap::parse(parameters);
    let _ = classic::SetEventFilter::parse(parameters);
    if let Ok(command) = classic::WriteLocalName::parse(parameters) {
        let _ = command.name.get();
    }
    let _ = le::SetExtendedAdvertisingData::parse(parameters);
    let _ = le::SetExtendedScanResponseData::parse(parameters);
    let _ = le::SetExtendedAdvertisingEnable::parse(parameters);
    let _ = le::SetExtendedScanParameters::parse(parameters);
    let _ = le::ExtendedCreateConnection::parse(parameters);
    if let Ok(data) = le::SetAdvertisingData::parse(parameters) {
        let _ = data.data.get();
    }
    if let Ok(addresses) = vendor::static_addresses(parameters) {
        addresses.for_each(drop);
    }
}

/// A byte stream in both directions: the deframer always takes the octets that it requests, and
/// reaches the end.
pub fn h4(data: &[u8]) {
    for direction in [Direction::ToHost, Direction::ToController] {
        let mut deframer = Deframer::new(direction);
        deframer.set_limit(251);
        let mut input = data;
        loop {
            let before = input.len();
            match deframer.advance(&mut input) {
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => assert!(input.len() < before),
            }
            let (Want::Header { left } | Want::Body { left }) = deframer.want();
            assert!(left > 0);
        }
    }
}

/// Operations and time on the command lane and the credits.
pub fn lane(data: &[u8]) {
    let mut lane = CommandLane::new();
    let mut acl = AclCredits::new(Buffers { len: 27, count: 3 });
    let mut host = HostCredits::on(4);
    let (mut link, mut host_link) = (LinkCredits::NONE, HostLinkCredits::NONE);
    let mut now = Instant::ZERO;
    let mut buffer = [0; 16];
    for octet in data {
        let (operation, value) = (octet & 7, octet >> 3);
        let opcode = Opcode(u16::from(value >> 1));
        match operation {
            0 if lane.may_send() => lane.sent(now, opcode, Ticket(value.into())),
            0 => lane.command_pending(now),
            1 => _ = lane.complete(opcode, value & 1),
            2 => _ = lane.status(opcode, Status(value), value & 1),
            3 => now += Duration::from_millis(u64::from(value) * 100),
            4 => _ = acl.take(now, &mut link),
            5 => _ = acl.completed(now, &mut link, value.into()),
            6 => host.consumed(&mut host_link),
            _ => {
                let open = Handle::new(value.into()).map(|handle| (handle, &mut host_link));
                host.poll_transmit((value & 3).into(), open, &mut Writer::new(&mut buffer));
            }
        }
        if lane.handle_timeout(now).is_some() {
            lane.reset();
            acl.disconnected(&mut link);
        }
        assert!(lane.poll_timeout().is_none_or(|(at, _)| at > now));
        assert_eq!(acl.free().saturating_add(link.outstanding()), acl.total());
    }
}

/// A capture.
pub fn snoop(data: &[u8]) {
    if let Ok(capture) = Capture::new(data) {
        capture.for_each(drop);
    }
}
