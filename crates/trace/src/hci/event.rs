//! Events. [Vol 4] Part E, 5.4.4 and 7.7

use bindrune_hci::{
    Event, LinkType, RawHandle, Status,
    event::{ClassicEvent, EventCode, RawEvent, Subevent},
    h4::Direction,
};

use super::{answer, command};
use crate::{
    decoder::{Decoder, length},
    entry::{Entry, Field, Layer, Value},
    link::{Kind, Link},
    reflect, words,
};

const FORMAT: &str = "Vol 4, Part E, 5.4.4";

/// Events with link keys: Return Link Keys and Link Key Notification. [Vol 4] Part E, 7.7.21 and 7.7.24
const HAS_KEYS: [EventCode; 2] = [EventCode(0x15), EventCode(0x18)];

impl Decoder {
    pub(crate) fn event(&mut self, entry: &mut Entry, body: &[u8]) {
        let Some((&[code, len], parameters)) = body.split_first_chunk() else {
            entry.enter(Layer::Hci, "event, cut");
            entry.put("octets", body);
            entry.violate(FORMAT, "the event ends inside its header");
            return;
        };
        let code = EventCode(code);
        entry.enter(Layer::Hci, name(code, parameters));
        entry.put("packet", "event");
        entry.put("code", code.0);
        entry.put("name", name(code, parameters));
        if let Some(&subevent) = parameters.first().filter(|_| code == EventCode::LE_META) {
            entry.put("subevent", subevent);
        }
        if entry.direction == Direction::ToController {
            entry.violate(FORMAT, "a host sends no events");
        }
        if RawEvent::parse(body).is_err() {
            entry.violate(FORMAT, length(len.into(), parameters.len()));
        }
        match ClassicEvent::parse(code, parameters) {
            Ok(Some(event)) => return self.classic(entry, event),
            Ok(None) => {}
            Err(malformed) => {
                return malformed_event(entry, (code, parameters), &malformed.to_string());
            }
        }
        match Event::parse(code, parameters) {
            Ok(_) if HAS_KEYS.contains(&code) => entry.put("parameters", reflect::HIDDEN),
            Ok(event) => self.known(entry, event),
            Err(malformed) => {
                malformed_event(entry, (code, parameters), &malformed.to_string());
            }
        }
    }

    fn known(&mut self, entry: &mut Entry, event: Event<'_>) {
        if let Event::CommandComplete(complete) = event {
            return self.command_complete(entry, complete);
        } else if let Event::CommandStatus(status) = event {
            return self.command_status(entry, status.status, status.opcode());
        } else if reports(entry, event) {
            return;
        }
        fill(entry, &format!("{event:?}"));
        if let Event::LeConnectionComplete(up) = event {
            self.up(entry, (up.status, up.handle), Kind::Le, &format!("{:?}", up.peer));
        } else if let Event::LeEnhancedConnectionComplete(up) = event {
            self.up(entry, (up.status, up.handle), Kind::Le, &format!("{:?}", up.peer));
        } else if let Event::DisconnectionComplete(down) = event {
            self.down(entry, down.status, down.handle);
        } else if let Event::NumberOfCompletedPackets(links) = event {
            for link in links {
                self.completed(entry, link.handle.raw() & 0x0fff, link.count.get());
            }
        }
        self.name_peer(entry);
    }

    fn classic(&mut self, entry: &mut Entry, event: ClassicEvent<'_>) {
        fill(entry, &format!("{event:?}"));
        if let ClassicEvent::ConnectionComplete(up) = event
            && up.link_type == LinkType::ACL
        {
            self.up(entry, (up.status, up.handle), Kind::Classic, &format!("{:?}", up.address));
        }
        self.name_peer(entry);
    }

    fn up(
        &mut self,
        entry: &mut Entry,
        (status, handle): (Status, RawHandle),
        kind: Kind,
        peer: &str,
    ) {
        if !status.is_success() {
            entry.handle = None;
            return;
        }
        let Some(handle) = handle.get() else {
            entry.violate(
                "Vol 4, Part E, 5.3.1",
                format!("handle 0x{:03x} is reserved", handle.raw()),
            );
            return;
        };
        let peer = reflect::value(peer).to_string();
        self.open(handle.get(), Link::new(Some(kind), handle.get(), Some(peer)));
    }

    fn down(&mut self, entry: &mut Entry, status: Status, handle: RawHandle) {
        if !status.is_success() {
            return;
        }
        self.name_peer(entry);
        let handle = handle.raw() & 0x0fff;
        if !self.links.contains_key(&handle) && self.controller.was_reset {
            entry.violate(
                "Vol 4, Part E, 7.7.5",
                format!("handle 0x{handle:03x} has no connection"),
            );
        }
        self.close(handle);
    }

    fn completed(&mut self, entry: &mut Entry, handle: u16, count: u16) {
        let was_reset = self.controller.was_reset;
        let Some(link) = self.links.get_mut(&handle) else { return };
        if u32::from(count) > link.outstanding && was_reset && link.kind.is_some() {
            let text = format!(
                "{count} packets of handle 0x{handle:03x}, but {} were sent",
                link.outstanding
            );
            entry.violate("Vol 4, Part E, 7.7.19", text);
        }
        link.outstanding = link.outstanding.saturating_sub(count.into());
    }

    fn name_peer(&self, entry: &mut Entry) {
        let link = entry.handle.and_then(|handle| self.links.get(&handle));
        if let Some(peer) = link.and_then(|link| link.peer.clone()) {
            entry.peer = Some(peer);
        }
    }
}

fn malformed_event(entry: &mut Entry, (code, parameters): (EventCode, &[u8]), text: &str) {
    let has_keys = HAS_KEYS.contains(&code)
        || code == EventCode::LE_META
            && matches!(parameters, [subevent, ..] if *subevent == Subevent::GENERATE_DHKEY_COMPLETE.0);
    entry
        .put("parameters", if has_keys { reflect::HIDDEN.into() } else { Value::from(parameters) });
    entry.violate("Vol 4, Part E, 7.7", text);
}

/// Adds the fields of an event, and a few of them to the summary.
fn fill(entry: &mut Entry, debug: &str) {
    let mut fields = reflect::fields(debug);
    fields.retain(|field| !matches!(field.name.as_ref(), "subevent" | "code" | "reserved"));
    if let [Field { value: Value::Group(inner), .. }] = fields.as_slice() {
        fields = inner.clone();
    }
    let mut shown = fields.clone();
    for field in &mut shown {
        if let (true, Value::Text(text)) =
            (matches!(field.name.as_ref(), "status" | "reason"), &mut field.value)
            && let Some(status) =
                (0..=u8::MAX).map(Status).find(|status| answer::status_name(*status) == *text)
        {
            *text = answer::status_words(status);
        }
    }
    command::brief(entry, &shown);
    command::add(entry, fields);
}

/// Adds the reports of scanning; returns whether the event has any.
fn reports(entry: &mut Entry, event: Event<'_>) -> bool {
    let mut list = Vec::new();
    if let Event::LeAdvertisingReport(reports) = event {
        for report in reports.iter() {
            list.push(one_report(entry, &format!("{report:?}"), report.data));
        }
    } else if let Event::LeExtendedAdvertisingReport(reports) = event {
        for report in reports.iter() {
            list.push(one_report(entry, &format!("{report:?}"), report.data));
        }
    } else if let Event::LeDirectedAdvertisingReport(reports) = event {
        for report in reports.iter() {
            list.push(one_report(entry, &format!("{report:?}"), &[]));
        }
    } else {
        return false;
    }
    entry.put("reports", Value::List(list));
    true
}

fn one_report(entry: &mut Entry, debug: &str, data: &[u8]) -> Value {
    let mut fields = reflect::fields(debug);
    let of = |name: &str| {
        fields.iter().find(|field| field.name == name).map(|field| field.value.to_string())
    };
    let mut text = of("address").unwrap_or_default();
    if let Some(rssi) = of("rssi") {
        text.push_str(&format!(" {rssi} dBm"));
    }
    let (value, brief) = command::advertising_data(data);
    if !brief.is_empty() {
        text.push_str(&format!(" {brief}"));
    }
    entry.say(if entry.summary.contains(": ") { "; " } else { ": " }, &text);
    fields.push(Field { name: "advertising_data".into(), value });
    Value::Group(fields)
}

fn name(code: EventCode, parameters: &[u8]) -> String {
    if code == EventCode::LE_META {
        let subevent = Subevent(parameters.first().copied().unwrap_or_default());
        return match subevent.name() {
            Some(name) => format!("LE {}", words::title(name)),
            None => format!("LE Event 0x{:02x}", subevent.0),
        };
    }
    match code.name() {
        Some("VENDOR") => "Vendor Event".into(),
        Some(name) => words::title(name),
        None => format!("Event 0x{:02x}", code.0),
    }
}
