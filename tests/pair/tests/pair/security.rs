//! Pairing, encryption and bonds between two hosts.

mod address_mode;
mod bonds;
mod channels;
mod identity;
mod keypress;
mod missed;
mod pairing;
mod privacy;
mod remembered;
mod retry;
mod secrets;
mod slow;

use core::cell::Cell;

use bindrune::{
    Characteristic, Config, Connection, Error, ErrorCode, Event, Host, IoCapability, Level,
    PairingConfig, PairingFailure, Question, RemoteCharacteristic, Service, Uuid,
};
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::join,
    select::{Either, select},
};

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

/// Pairing without display and keyboard.
pub(crate) const NOTHING: PairingConfig = with_io(IoCapability::NoInputNoOutput);

/// Pairing with these capabilities, and protection against a man in the middle if they allow it.
pub(crate) const fn with_io(io: IoCapability) -> PairingConfig {
    PairingConfig { io, mitm: true, ..PairingConfig::DEFAULT }
}

pub(crate) const fn safe(pairing: PairingConfig) -> Config {
    Config::new("safe").services(SERVICES).pairing(pairing)
}

pub(crate) const fn reader(pairing: PairingConfig) -> Config {
    Config::new("reader").pairing(pairing)
}

/// Acts as a cooperative user: accepts, compares, and enters the number that the other device shows.
async fn user(scene: &Scene, host: &Host, shown: &Cell<Option<u32>>, number: &Cell<Option<u32>>) {
    let mut requests = host.pairing_requests().unwrap();
    loop {
        let mut request = requests.next().await;
        match request.question() {
            Question::Confirm => request.accept(),
            Question::Compare(n) => {
                // The second user sees the number that the first one saw.
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
            Question::Oob { .. } | Question::Pin { .. } => request.reject(),
        }
    }
}

/// Runs `app` beside the users of two devices.
pub(crate) async fn with_users<T>(
    scene: &Scene,
    devices: [&Device; 2],
    app: impl Future<Output = T>,
) -> T {
    let (shown, number) = (Cell::new(None), Cell::new(None));
    let [one, other] = devices.map(|device| user(scene, device.host(), &shown, &number));
    match select(join(one, other), app).await {
        Either::Second(output) => output,
        Either::First(_) => panic!("the users went away"),
    }
}

/// Runs `app` with a lock, a phone and their users.
pub(crate) fn between<T>(
    scene: &Scene,
    [lock, phone]: [Config; 2],
    app: impl AsyncFnOnce(&Device, &Device) -> T,
) -> T {
    let (lock, phone) = (scene.device(lock), scene.device(phone));
    scene.run(&[&lock, &phone], with_users(scene, [&lock, &phone], app(&lock, &phone)))
}

/// Connects two devices, pairs them as the central requests, and ends the link.
pub(crate) async fn bonded(scene: &Scene, peripheral: &Device, central: &Device) {
    let (there, here) = scene.connect(peripheral, central).await;
    here.pair().await.unwrap();
    ended(there, here).await;
}

/// Ends a link, and waits until both ends have noticed.
pub(crate) async fn ended(there: Connection<'_>, here: Connection<'_>) {
    here.disconnect().await.unwrap();
    there.disconnected().await;
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

/// Returns the next event that `of` accepts.
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

/// Returns the pairing failure that this end reports.
pub(crate) async fn failure(link: &mut Connection<'_>) -> PairingFailure {
    event(link, |event| match event {
        Event::PairingFailed(failure) => Some(*failure),
        _ => None,
    })
    .await
}
