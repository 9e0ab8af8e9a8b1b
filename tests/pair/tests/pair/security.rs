//! Pairing, encryption and bonds between two hosts.

mod bonds;
mod matrix;
mod pairing;
mod privacy;
mod retry;
mod secrets;
mod slow;

use core::cell::Cell;

use bindrune::{
    Characteristic, Config, Connection, Error, ErrorCode, Event, Host, IoCapability, Level,
    PairingConfig, Question, RemoteCharacteristic, Service, Uuid,
};
use bindrune_pair::Scene;

pub(crate) const VAULT: Uuid = Uuid::new_16(0xfff7);

pub(crate) static OPEN: Characteristic =
    Characteristic::new(Uuid::new_16(0xfff8)).read().value(&[1]);
pub(crate) static SECRET: Characteristic = Characteristic::new(Uuid::new_16(0xfff9))
    .read()
    .notify()
    .read_permission(Level::Encrypted)
    .value(&[2]);
pub(crate) static AUTHENTIC: Characteristic = Characteristic::new(Uuid::new_16(0xfffa))
    .read()
    .read_permission(Level::Authenticated)
    .value(&[3]);
pub(crate) static STREAM: Characteristic = Characteristic::new(Uuid::new_16(0xfffb)).notify();
static SERVICES: &[Service] = &[Service::primary(VAULT, &[&OPEN, &SECRET, &AUTHENTIC, &STREAM])];

/// What pairing offers with these capabilities, and protection against a man in the middle where they allow it.
pub(crate) const fn with_io(io: IoCapability) -> PairingConfig {
    PairingConfig { io, mitm: true, ..PairingConfig::DEFAULT }
}

pub(crate) const fn safe(pairing: PairingConfig) -> Config {
    Config::new("safe").services(SERVICES).pairing(pairing)
}

pub(crate) const fn reader(pairing: PairingConfig) -> Config {
    Config::new("reader").pairing(pairing)
}

/// What two users do who mean well: they accept, compare, and enter what the other device shows.
pub(crate) async fn user(
    scene: &Scene,
    host: &Host,
    shown: &Cell<Option<u32>>,
    number: &Cell<Option<u32>>,
) {
    let mut requests = host.pairing_requests().unwrap();
    loop {
        let mut request = requests.next().await;
        match request.question() {
            Question::Confirm => request.accept(),
            Question::Compare(n) => {
                // The second of the two users sees what the first one saw.
                let same = number.replace(Some(n)).is_none_or(|other| other == n);
                if same { request.accept() } else { request.reject() }
            }
            Question::Display(passkey) => shown.set(Some(passkey)),
            Question::Input => {
                // The other device may show it a little later.
                while shown.get().is_none() {
                    scene.sleep(100).await;
                }
                request.passkey(shown.get().unwrap());
            }
            Question::Oob { .. } => request.reject(),
        }
    }
}

pub(crate) async fn try_read(
    link: &Connection<'_>,
    value: &RemoteCharacteristic<'_>,
) -> Result<u8, Error> {
    let mut buffer = [0; 8];
    link.read(value, &mut buffer).await.map(|_| buffer[0])
}

pub(crate) const fn refused(code: ErrorCode) -> Result<u8, Error> {
    Err(Error::Att(code))
}

/// The next event that `of` takes something from.
pub(crate) async fn event<T>(
    link: &mut Connection<'_>,
    mut of: impl FnMut(&Event<'_>) -> Option<T>,
) -> T {
    loop {
        let event = link.next().await;
        if let Some(wanted) = of(&event) {
            return wanted;
        }
        assert!(!matches!(event, Event::Disconnected(_)), "disconnected");
    }
}
