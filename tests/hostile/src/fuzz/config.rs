//! Contents of the first record: the controller, and the host's configuration.

use bindrune::{
    Characteristic, ClientSecurity, Config, IoCapability, Level, PairingConfig, Privacy, Service,
    Uuid,
};
use embassy_time::Duration;

/// Controller and configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Whether it has extended advertising and scanning.
    pub(crate) extended: bool,
    /// Whether it has flow control to the host.
    pub(crate) flow: bool,
    /// Number and length of LE ACL buffers.
    pub(crate) buffers: u16,
    pub(crate) acl_len: u16,
    /// Whether there is a resolving list, and a private address of the host.
    pub(crate) resolving: bool,
    privacy: bool,
    /// Number of advertising sets of the host.
    pub(crate) sets: u8,
    pairing: [u8; 2],
    client: u8,
    /// Tasks that the application runs by itself.
    pub(crate) habits: u8,
    /// Whether host and controller have BR/EDR, and whether its pairings have a user.
    pub(crate) classic: bool,
    pub(crate) user: bool,
    /// Kinds of steps that do not occur in this life.
    pub(crate) spared: Spared,
}

/// Kinds of steps that do not occur in a life, so that rarer combinations are found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spared {
    pub(crate) lies: bool,
    pub(crate) faults: bool,
    pub(crate) strange: bool,
    pub(crate) drops: bool,
    pub(crate) ends: bool,
}

impl Setup {
    pub(crate) fn new(record: &[u8]) -> Self {
        let octet = |n: usize| record.get(n).copied().unwrap_or(0);
        let (controller, host) = (octet(0), octet(1));
        Self {
            extended: controller & 1 != 0,
            flow: controller & 2 != 0,
            buffers: [4, 1, 8, 2][usize::from(controller >> 2 & 3)],
            acl_len: if controller & 0x10 == 0 { 251 } else { 27 },
            resolving: controller & 0x20 != 0,
            privacy: host & 7 == 7,
            sets: 1 + (host >> 3 & 1),
            pairing: [octet(2), octet(3)],
            client: octet(4),
            habits: octet(6),
            classic: octet(7) & 3 == 3,
            user: octet(7) & 4 != 0,
            spared: {
                let bit = |n: u8| octet(5) >> n & 1 == 1;
                // Most lives have a conforming controller.
                let lies = bit(0) || bit(1);
                Spared { lies, faults: bit(2), strange: bit(3), drops: bit(4), ends: bit(5) }
            },
        }
    }

    /// Returns the kind of host that the life needs.
    pub(crate) const fn host(&self) -> usize {
        match (self.classic, self.user) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        }
    }

    pub(crate) fn config(&self) -> Config {
        let config = Config::new("ten octets")
            .services(SERVICES)
            .bonds(2)
            .advertising_sets(self.sets.into())
            .pairing(self.pairing())
            .exchange_mtu(self.client & 4 != 0)
            .client_security(match self.client & 3 {
                0 | 1 => ClientSecurity::Encrypt,
                2 => ClientSecurity::Pair,
                _ => ClientSecurity::Report,
            });
        if self.privacy {
            config.privacy(Privacy::On { rotate: Duration::from_secs(60) })
        } else {
            config
        }
    }

    fn pairing(&self) -> PairingConfig {
        let [how, more] = self.pairing;
        PairingConfig {
            io: [
                IoCapability::NoInputNoOutput,
                IoCapability::DisplayYesNo,
                IoCapability::KeyboardDisplay,
                IoCapability::DisplayOnly,
            ][usize::from(how & 3)],
            bonding: how & 4 == 0,
            mitm: how & 8 != 0,
            legacy: how & 0x10 != 0,
            secure_connections: how & 0x30 != 0x30,
            consent: how & 0x40 == 0,
            keypress: how & 0x80 != 0,
            require: if more & 7 == 7 { Level::Authenticated } else { Level::Encrypted },
            min_key_size: 7,
            ..PairingConfig::DEFAULT
        }
    }
}

/// A value that the host holds.
pub(crate) static VALUE: Characteristic =
    Characteristic::new(Uuid::new_16(0xff01)).read().write().value(b"0123456789").max_len(512);
/// A value that a peer can subscribe to.
pub(crate) static LEVEL: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a19)).read().notify().indicate().value(&[100]);
/// A value that needs encryption.
static SECRET: Characteristic = Characteristic::new(Uuid::new_16(0xff04))
    .read()
    .write()
    .notify()
    .value(&[1])
    .max_len(20)
    .permission(Level::Encrypted);
/// A value that needs authentication.
static STRICT: Characteristic =
    Characteristic::new(Uuid::new_16(0xff05)).read().value(&[2]).permission(Level::Authenticated);
/// A value that the application holds.
pub(crate) static ASKED: Characteristic =
    Characteristic::new(Uuid::new_16(0xff06)).read().write().write_without_response();
/// A value that accumulates writes.
static STREAM: Characteristic =
    Characteristic::new(Uuid::new_16(0xff07)).write_without_response().append(40);

/// A value whose writes are captured.
pub(crate) static CAPTURED: Characteristic = Characteristic::new(Uuid::new_16(0xff08))
    .write()
    .write_without_response()
    .max_len(CAPTURED_MAX)
    .capture(48);
pub(crate) const CAPTURED_MAX: u16 = 20;

pub(crate) static SERVICES: &[Service] = &[Service::primary(
    Uuid::new_16(0xff00),
    &[&VALUE, &LEVEL, &SECRET, &STRICT, &ASKED, &STREAM, &CAPTURED],
)];
/// The services that replace them.
pub(crate) static OTHERS: &[Service] = &[
    Service::primary(Uuid::new_16(0x180f), &[&LEVEL]),
    Service::primary(Uuid::new_16(0xff10), &[&ASKED]),
];
