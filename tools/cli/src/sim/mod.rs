//! The neighbourhood that is built in: virtual devices on one simulated air, each run by this same host.

mod belt;
mod phone;
mod sink;
mod thermometer;
mod uart;

use std::future::Future;

use bindrune::{Address, Error, Host};
use bindrune_controller::{ControllerConfig, Port, RealTime, World};
use tokio::task::JoinSet;

pub(crate) use phone::Phone;

use crate::{failure::Failure, memory, services, session};

/// What all chance of the neighbourhood derives from.
const SEED: u64 = 1;

/// The virtual devices, for as long as it lives.
pub(crate) struct Neighbourhood {
    _devices: JoinSet<()>,
    _time: RealTime,
}

impl Neighbourhood {
    /// Starts the devices, and gives the port to the controller that is ours. Needs a `LocalSet`.
    pub(crate) fn start(phone: Option<Phone>) -> Result<(Self, Port), Failure> {
        let world = World::new(SEED);
        let port = world.add(ControllerConfig::new());
        let mut street = Street { world: &world, devices: JoinSet::new() };
        street.settle("Thermometer", 1, services::THERMOMETER, thermometer::live)?;
        street.settle("HR belt", 2, services::BELT, belt::live)?;
        street.settle("UART", 3, services::SERIAL, uart::live)?;
        street.settle("L2CAP sink", 4, &[], sink::live)?;
        if let Some(phone) = phone {
            street.settle("Phone", 16, &[], move |host| phone::live(host, phone))?;
        }
        let devices = street.devices;
        Ok((Self { _devices: devices, _time: world.spawn_real_time() }, port))
    }
}

/// Address of the virtual device with this number.
const fn address(number: u8) -> Address {
    Address::random([0xc4, 0x5e, 0x12, 0, 0, number])
}

/// True for the addresses that virtual devices have.
fn is_neighbour(peer: Address) -> bool {
    (0..=u8::MAX).any(|number| address(number) == peer)
}

struct Street<'w> {
    world: &'w World,
    devices: JoinSet<()>,
}

impl Street<'_> {
    /// A device with a controller and a host of its own, living by `life`.
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
        let host = memory::host(session::config(name).address(address(number)).services(services))?;
        let life = life(host);
        self.devices.spawn_local(async move {
            tokio::select! {
                end = host.run(rx, tx) => log::error!("{name}: {end}"),
                end = life => log::error!("{name}: {end:?}"),
            }
        });
        Ok(())
    }
}
