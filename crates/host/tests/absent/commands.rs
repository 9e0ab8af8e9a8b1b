//! Commands of a host to its controller: none that only an absent capability needs.

use core::cell::RefCell;
use std::rc::Rc;

use bindrune::{Advertisement, Config, Host, Platform, Resources};
use bindrune_controller::{ControllerConfig, PortWriter, Unplugged, World};
use embassy_futures::select::select;
use embedded_io_async::{ErrorType, Write};

/// Passes writes on, and keeps the commands.
struct Tap(PortWriter, Rc<RefCell<Vec<Sent>>>);

/// Opcode and parameters of a command.
type Sent = (u16, Vec<u8>);

impl ErrorType for Tap {
    type Error = Unplugged;
}

impl Write for Tap {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Unplugged> {
        let mut rest = octets;
        while let [0x01, low, high, len, parameters @ ..] = rest {
            let (parameters, next) = parameters.split_at(usize::from(*len));
            self.1.borrow_mut().push((u16::from_le_bytes([*low, *high]), parameters.to_vec()));
            rest = next;
        }
        assert!(rest.is_empty(), "whole commands only: {octets:02x?}");
        self.0.write(octets).await
    }

    async fn flush(&mut self) -> Result<(), Unplugged> {
        self.0.flush().await
    }
}

/// Commands from initialization until the host advertises.
fn commands() -> Vec<Sent> {
    let resources = Box::leak(Box::new(Resources::<1>::new()));
    let host = Host::new(resources, Config::new("absent")).unwrap();
    let world = World::new(1);
    let (rx, tx) = world.add(ControllerConfig::new()).split();
    let sent = Rc::new(RefCell::new(Vec::new()));
    let clock = world.clock();
    let run = host.run_with(rx, Tap(tx, sent.clone()), Platform::new().clock(clock));
    let advertisement = Advertisement::connectable().timeout(embassy_time::Duration::from_secs(1));
    world.block_on(select(run, host.advertise(&advertisement)));
    sent.take()
}

#[test]
fn none_is_of_an_absent_capability() {
    let sent: Vec<u16> = commands().iter().map(|(opcode, _)| *opcode).collect();
    assert!(
        sent.contains(&0x0c03) && (sent.contains(&0x2039) || sent.contains(&0x200a)),
        "{sent:04x?}"
    );
    let scanner = [0x200b, 0x200c, 0x2041, 0x2042];
    let initiator = [0x200d, 0x200e, 0x2043, 0x2010, 0x2011, 0x2012];
    let privacy = [0x2027, 0x2028, 0x2029, 0x202d, 0x204e];
    let security = [0x2017, 0x2018, 0x2019, 0x201a, 0x201b, 0x2025, 0x2026];
    let extended = [0x2036, 0x2037, 0x2038, 0x2039, 0x203a, 0x203b];
    let flow_control = [0x0c31, 0x0c33, 0x0c35];
    let absent = [
        (cfg!(feature = "extended"), &extended[..]),
        (cfg!(feature = "host-flow-control"), &flow_control),
        (cfg!(feature = "observer"), &scanner),
        (cfg!(feature = "central"), &initiator),
        (cfg!(feature = "privacy"), &privacy),
        (cfg!(feature = "security"), &security),
    ];
    for opcode in absent.iter().filter(|(has, _)| !has).flat_map(|(_, opcodes)| opcodes.iter()) {
        assert!(!sent.contains(opcode), "{opcode:04x} of {sent:04x?}");
    }
}

#[test]
fn no_event_of_link_tuning_is_enabled_without_it() {
    let sent = commands();
    let mask = |wanted| {
        let (_, mask) = sent.iter().find(|(opcode, _)| *opcode == wanted).unwrap();
        u64::from_le_bytes(mask[..].try_into().unwrap())
    };
    // LE Read Remote Features Complete, LE Data Length Change, LE PHY Update Complete. [Vol 4] Part E, 7.8.1
    let tuning = 1 << 3 | 1 << 6 | 1 << 11;
    assert_eq!(mask(0x2001) & tuning, if cfg!(feature = "tuning") { tuning } else { 0 });
    // LE Connection Complete and LE Long Term Key Request.
    assert_eq!(mask(0x2001) & 0x11, 0x11);
}
