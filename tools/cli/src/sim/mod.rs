//! The built-in simulator: virtual devices on one simulated air, each with its own host.

mod belt;
mod phone;
pub(crate) mod screen;
mod serial_box;
mod sink;
mod thermometer;
mod uart;
mod vault;

use std::future::Future;

use bindrune::{
    Address, AddressKind, Advertisement, Error, Event, Host, IoCapability, PairingConfig, Platform,
};
use bindrune_controller::{ClassicConfig, ControllerConfig, Port, RealTime, World};
use tokio::task::JoinSet;

pub(crate) use phone::Phone;
pub(crate) use serial_box::{SerialBox, Visit};

use crate::{
    bonds::{BondFile, Keep, Store},
    failure::Failure,
    memory, services, session,
};

/// Seed of the simulator's random decisions.
const SEED: u64 = 1;

/// The virtual devices. They run until it is dropped.
pub(crate) struct Neighbourhood {
    _devices: JoinSet<()>,
    _time: RealTime,
}

impl Neighbourhood {
    /// Starts the devices, and returns the port of our controller. Needs a `LocalSet`.
    ///
    /// The devices lose their bonds when the program ends, unless they get a folder for them.
    pub(crate) fn start(
        phone: Option<Phone>,
        serial_box: Option<SerialBox>,
        bonds: Option<&BondFile>,
        keep: Keep,
    ) -> Result<(Self, Port), Failure> {
        let world = World::new(SEED);
        let ours = ControllerConfig::new();
        let ours = if serial_box.is_some() {
            ours.classic(ClassicConfig::new()).public_address(OURS)
        } else {
            ours
        };
        let port = world.add(ours);
        let mut street = Street { world: &world, bonds, keep, devices: JoinSet::new() };
        street.settle("Thermometer", 1, services::THERMOMETER, thermometer::live)?;
        street.settle("HR belt", 2, services::BELT, belt::live)?;
        street.settle("UART", 3, services::SERIAL, uart::live)?;
        street.settle("L2CAP sink", 4, services::SINK, sink::live)?;
        street.settle("Vault", 5, services::STRONGROOM, vault::live)?;
        if let Some(phone) = phone {
            street.settle("Phone", 16, &[], move |host| phone::live(host, phone))?;
        }
        if let Some(serial_box) = serial_box {
            street.settle_dual("Serial box", 6, move |host| serial_box::live(host, serial_box))?;
        }
        let devices = street.devices;
        Ok((Self { _devices: devices, _time: world.spawn_real_time() }, port))
    }
}

/// Advertises, and serves one central after another.
async fn welcome(host: &'static Host, advertisement: Advertisement<'_>) -> Result<(), Error> {
    loop {
        let mut connection = host.advertise(&advertisement).await?;
        while !matches!(connection.next().await, Event::Disconnected(_)) {}
    }
}

/// Returns the address of the virtual device with this number.
const fn address(number: u8) -> Address {
    Address::random([0xc4, 0x5e, 0x12, 0, 0, number])
}

/// Returns whether an address belongs to a virtual device.
fn is_neighbour(peer: Address) -> bool {
    (0..=u8::MAX).any(|number| address(number) == peer)
}

/// Our address of BR/EDR.
const OURS: Address = Address::public([0xbe, 0xac, 1, 0, 0, 1]);

struct Street<'w> {
    world: &'w World,
    bonds: Option<&'w BondFile>,
    keep: Keep,
    devices: JoinSet<()>,
}

impl Street<'_> {
    /// Adds a device with its own controller and host, which runs `life`.
    fn settle<F>(
        &mut self,
        name: &'static str,
        number: u8,
        services: &'static [bindrune::Service],
        life: impl FnOnce(&'static Host) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Error>> + 'static,
    {
        let port = self.world.add(ControllerConfig::new());
        let config = session::config(name).address(address(number)).services(services);
        let host = memory::host(config.pairing(PAIRING), None)?;
        self.start(name, host, port, life)
    }

    /// Adds a device with BR/EDR beside LE, which runs `life`.
    fn settle_dual<F>(
        &mut self,
        name: &'static str,
        number: u8,
        life: impl FnOnce(&'static Host) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Error>> + 'static,
    {
        let public = Address::new(AddressKind::Public, address(number).octets());
        let controller = ControllerConfig::new().classic(ClassicConfig::new());
        let port = self.world.add(controller.public_address(public));
        let config = session::config(name).address(address(number));
        let host = memory::host(config.pairing(PAIRING), Some(serial_box::CONFIG))?;
        self.start(name, host, port, life)
    }

    /// Runs a device.
    fn start<F>(
        &mut self,
        name: &'static str,
        host: &'static Host,
        port: Port,
        life: impl FnOnce(&'static Host) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Error>> + 'static,
    {
        let (rx, tx) = port.split();
        let platform = Platform::new().store(self.store(name)?);
        let life = life(host);
        self.devices.spawn_local(async move {
            tokio::select! {
                end = host.run_with(rx, tx, platform) => log::error!("{name}: {end}"),
                end = life => log::error!("{name}: {end:?}"),
                () = screen::own(host, name) => log::error!("{name}: pairing requests are not available"),
            }
        });
        Ok(())
    }

    /// Returns the folder of the device's bonds.
    fn store(&self, name: &str) -> Result<Store, Failure> {
        match self.bonds.and_then(|file| file.of_neighbour(name)) {
            Some(file) => file.open(self.keep),
            None => Ok(Store::NOTHING),
        }
    }
}

/// Every virtual device has a display with two buttons, and requires the highest protection that the other side
/// supports.
const PAIRING: PairingConfig = PairingConfig {
    io: IoCapability::KeyboardDisplay,
    mitm: true,
    consent: false,
    ..PairingConfig::DEFAULT
};
