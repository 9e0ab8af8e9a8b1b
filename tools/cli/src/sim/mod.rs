//! The built-in simulator: virtual devices on one simulated air, each with its own host.

mod belt;
mod phone;
pub(crate) mod screen;
mod sink;
mod thermometer;
mod uart;
mod vault;

use std::future::Future;

use bindrune::{Address, Advertisement, Error, Event, Host, IoCapability, PairingConfig, Platform};
use bindrune_controller::{ControllerConfig, Port, RealTime, World};
use tokio::task::JoinSet;

pub(crate) use phone::Phone;

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
        bonds: Option<&BondFile>,
    ) -> Result<(Self, Port), Failure> {
        let world = World::new(SEED);
        let port = world.add(ControllerConfig::new());
        let mut street = Street { world: &world, bonds, devices: JoinSet::new() };
        street.settle("Thermometer", 1, services::THERMOMETER, thermometer::live)?;
        street.settle("HR belt", 2, services::BELT, belt::live)?;
        street.settle("UART", 3, services::SERIAL, uart::live)?;
        street.settle("L2CAP sink", 4, &[], sink::live)?;
        street.settle("Vault", 5, services::STRONGROOM, vault::live)?;
        if let Some(phone) = phone {
            street.settle("Phone", 16, &[], move |host| phone::live(host, phone))?;
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

struct Street<'w> {
    world: &'w World,
    bonds: Option<&'w BondFile>,
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
        let (rx, tx) = self.world.add(ControllerConfig::new()).split();
        let config = session::config(name).address(address(number)).services(services);
        let host = memory::host(config.pairing(PAIRING))?;
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
            Some(file) => file.open(Keep::All),
            None => Ok(Store::Nothing),
        }
    }
}

/// Every virtual device has a display with two buttons, and requires the highest protection that the other side supports.
const PAIRING: PairingConfig = PairingConfig {
    io: IoCapability::KeyboardDisplay,
    mitm: true,
    consent: false,
    ..PairingConfig::DEFAULT
};
