//! Bodies of the fuzz targets.

use core::cell::RefCell;
use std::boxed::Box;

use bindrune_hci::{
    Event, PhyMask, Role, Status,
    cmd::{COMMAND_MAX, SupportedCommands, le::LeFeatures},
    event::EventCode,
};
use bindrune_wire::{Address, AddressKind, Handle, Reader, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    AdData, AddressChoice, Advertisement, AdvertisingSet, Config, Connect, ConnectionParameters,
    ControllerInfo, CurrentParameters, Device, Gap, LinkControl, LinkUp, Scan, SetId,
    non_resolvable_address, static_address,
};

/// Calls every query of advertising data on any octets.
pub fn ad_data(data: &[u8]) {
    let ad = AdData::new(data);
    let structures = ad.structures().count();
    assert!(structures <= data.len());
    assert!(ad.whole_len() <= data.len());
    assert_eq!(ad.flags().is_some(), ad.find(crate::AdType::FLAGS).is_some());
    let _ = (ad.appearance(), ad.tx_power(), ad.is_malformed());
    let _ = ad.name().map(|name| (name.text().is_some(), name.octets().len()));
    let lists = ad.services().count();
    assert!(lists.saturating_add(ad.manufacturer().count()) <= data.len());
    assert!(ad.service_data().count() <= structures);
}

/// A host in its set-up, or with requests, against a controller that sends any answers and events.
///
/// Each pair of octets selects what happens; the following octets are events and return parameters.
pub fn gap(data: &[u8]) {
    with_memory(|gap| {
        let mut r = Reader::new(data);
        let mut now = Instant::from_secs(1);
        let mut links = 0_u32;
        while let Ok([what, len]) = r.array::<2>() {
            let octets = r.bytes(usize::from(len).min(r.remaining())).unwrap_or_default();
            request(gap, what);
            let mut buffer = [0; COMMAND_MAX];
            let opcode = gap.poll_command(now, &mut Writer::new(&mut buffer));
            match opcode {
                Some(opcode) if what & 1 == 0 => gap.handle_complete(now, opcode, octets),
                Some(opcode) => gap.handle_status(now, opcode, Status(what)),
                None => {}
            }
            if let Some((code, parameters)) = octets.split_first()
                && let Ok(event) = Event::parse(EventCode(*code), parameters)
                && gap.handle_event(now, &event).is_some()
            {
                links = links.saturating_add(1);
            }
            now += Duration::from_millis(what.into());
            gap.handle_timeout(now);
            while gap.poll_event().is_some() {}
            if opcode.is_none() {
                idle(gap, now);
            }
            while gap.next_report(&mut buffer).is_some() {}
        }
        assert!(usize::try_from(links).is_ok_and(|links| links <= data.len()));
    });
}

/// Checks a machine without a pending command: each request makes progress, unless a command has
/// become pending.
fn idle(gap: &mut Gap, now: Instant) {
    let mut buffer = [0; COMMAND_MAX];
    match gap.poll_command(now, &mut Writer::new(&mut buffer)) {
        None => gap.check_progress(),
        Some(opcode) => gap.handle_status(now, opcode, Status::COMMAND_DISALLOWED),
    }
}

/// A link with any requests of the application, against a controller that sends any answers and
/// events.
pub fn link(data: &[u8]) {
    let mut r = Reader::new(data);
    let Ok([role, features]) = r.array::<2>() else { return };
    let up = LinkUp {
        handle: Handle::MAX,
        role: Role(role & 1),
        own: Address::new(AddressKind::Random, [role; 6]),
        peer: Address::new(AddressKind::Random, [features; 6]),
        peer_on_air: Address::new(AddressKind::Random, [features; 6]),
        parameters: CurrentParameters::default(),
        set: None,
        wanted: true,
    };
    let mut commands = SupportedCommands::NONE;
    SupportedCommands::known().for_each(|opcode| commands.insert(opcode));
    let le_features = LeFeatures::from_bits_retain(features.into());
    let info = ControllerInfo { commands, le_features, ..ControllerInfo::UNKNOWN };
    let mut link = LinkControl::new(&up, Some(&info));
    let mut now = Instant::from_secs(1);
    while let Ok([what, len]) = r.array::<2>() {
        let octets = r.bytes(usize::from(len).min(r.remaining())).unwrap_or_default();
        ask(&mut link, what);
        let mut buffer = [0; COMMAND_MAX];
        match link.poll_command(&mut Writer::new(&mut buffer)) {
            Some(opcode) if what & 1 == 0 => link.handle_complete(now, opcode, octets),
            Some(opcode) => link.handle_status(now, opcode, Status(what)),
            None => {}
        }
        if let Some((code, parameters)) = octets.split_first()
            && let Ok(event) = Event::parse(EventCode(*code), parameters)
        {
            link.handle_event(&event);
        }
        now += Duration::from_millis(what.into());
        link.handle_timeout(now);
        while link.poll_event().is_some() {}
        assert!(link.poll_timeout().is_none_or(|(at, _)| at > now));
    }
}

/// Makes one request of the application to a link, selected by a number.
fn ask(link: &mut LinkControl, what: u8) {
    match what >> 1 & 0x0f {
        0 => drop(link.update_parameters(ConnectionParameters::DEFAULT)),
        1 => drop(link.disconnect(Status(what))),
        2 => link.probe(),
        3 => _ = link.set_phy(PhyMask(what >> 5), PhyMask(what >> 6)),
        4 => _ = link.set_data_length(what.into(), what.into()),
        5 => link.l2cap_answered(Status(what >> 6).ok()),
        _ => {}
    }
}

/// Runs with a new machine in reused memory.
fn with_memory(run: impl FnOnce(&mut Gap)) {
    std::thread_local! {
        static GAP: RefCell<Gap> = RefCell::new(Gap::new(
            Config::DEFAULT,
            Box::leak(Box::new([AdvertisingSet::EMPTY; 2])),
            Box::leak(Box::new([0; 400])),
            Box::leak(Box::new([0; 300])),
        ));
    }
    GAP.with_borrow_mut(|gap| {
        gap.reset(Config::DEFAULT);
        run(gap);
    });
}

/// Changes the address, in a way selected by a number.
fn change_address(gap: &mut Gap, what: u8) {
    match what >> 6 {
        0 => gap.show_private(),
        1 => gap.show_identity(AddressChoice::Automatic),
        2 => gap.show_identity(AddressChoice::Static(static_address([what; 6]))),
        _ => {
            let address = non_resolvable_address([what; 6], None);
            gap.set_private_address(address, Instant::from_secs(5));
        }
    }
}

/// Makes one request of the application or the root, selected by a number.
fn request(gap: &mut Gap, what: u8) {
    let peer = Address::new(AddressKind::Random, [what; 6]);
    match what >> 1 & 0x0f {
        0 => gap.restart(),
        1 => drop(gap.advertise(
            SetId(what >> 6),
            &Advertisement::connectable().name("x"),
            Device::UNNAMED,
        )),
        2 => gap.stop_advertising(SetId(what >> 6)),
        3 => gap.scan(Scan::active()),
        4 => gap.stop_scanning(),
        5 => gap.connect(Connect::to(peer)),
        6 => gap.connect(Connect::any().timeout(Duration::from_millis(what.into()))),
        7 => gap.stop_connecting(),
        8 => drop(gap.set_accept_list(&[peer])),
        9 => gap.search(Connect::to(peer)),
        10 => gap.found(Instant::from_secs(1), peer),
        11 => gap.set_full(what >> 7 != 0),
        12 => gap.resume_advertising(SetId(what >> 6)),
        13 => gap.resume_connecting(),
        14 => change_address(gap, what),
        _ => {}
    }
}
