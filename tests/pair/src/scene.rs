//! Devices on one air, and its time.

use core::{future::poll_fn, pin::pin, task::Poll};
use std::vec::Vec;

use bindrune::{Address, Advertisement, ClassicConfig, Config, Connect, Connection, Host};
use bindrune_controller::{ClassicConfig as AirConfig, ControllerConfig, VirtualClock, World};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::{Duration, Instant};

use crate::{Device, Task, Trace, tape::Tape};

/// An air, its seed, and its share of lost packets.
pub struct Scene {
    world: World,
    seed: u64,
    loss: u8,
    tape: Tape,
}

/// Time at which a scene begins: soon after it, the time of the machines begins again from zero.
const START: Instant = Instant::from_millis((1 << 31) - 3_000);
/// Time limit for links to end after the application: longer than a supervision timeout.
const WIND_DOWN: Duration = Duration::from_secs(60);

impl Scene {
    /// Creates a scene whose air loses nothing.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_loss(seed, 0)
    }

    /// Creates a scene whose air loses this share of all packets, in percent.
    #[must_use]
    pub fn with_loss(seed: u64, loss: u8) -> Self {
        let seed = seed.wrapping_add(seed_offset());
        let world = World::new(seed).starting_at(START);
        world.set_loss(loss);
        Self { world, seed, loss, tape: Tape::default() }
    }

    /// Returns three scenes: one that loses nothing, one that loses 1 %, and one that loses 10 % of all packets.
    pub fn lossy(seed: u64) -> impl Iterator<Item = Self> {
        [0, 1, 10].into_iter().map(move |loss| Self::with_loss(seed, loss))
    }

    /// Adds a host on a default controller.
    #[must_use]
    pub fn device(&self, config: Config) -> Device {
        self.device_on(ControllerConfig::new(), config)
    }

    /// Adds a host with BR/EDR on a dual-mode controller.
    #[must_use]
    pub fn dual(&self, config: Config, classic: ClassicConfig) -> Device {
        self.dual_on(AirConfig::new(), config, classic)
    }

    /// Like [`Self::dual`], with other BR/EDR in the controller.
    #[must_use]
    pub fn dual_on(&self, air: AirConfig, config: Config, classic: ClassicConfig) -> Device {
        let controller = ControllerConfig::new().classic(air);
        self.device_of_on(controller, crate::new_host(config), config).with_classic(classic)
    }

    /// Adds a host on a controller.
    #[must_use]
    pub fn device_on(&self, controller: ControllerConfig, config: Config) -> Device {
        let port = self.world.add(controller);
        Device::of_pool(config, port, self.clock(), self.tape.clone())
    }

    /// Adds this host on a default controller. It must have been created, or reset, with `config`.
    #[must_use]
    pub fn device_of(&self, host: Host, config: Config) -> Device {
        self.device_of_on(ControllerConfig::new(), host, config)
    }

    /// Like [`Self::device_of`], on a controller.
    #[must_use]
    pub fn device_of_on(&self, controller: ControllerConfig, host: Host, config: Config) -> Device {
        let port = self.world.add(controller);
        Device::new(host, config, port, self.clock(), self.tape.clone())
    }

    /// Returns the world, to inject faults.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Returns the virtual clock.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        self.world.clock()
    }

    /// Returns the virtual time since the scene began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.world.now().saturating_duration_since(START)
    }

    /// Waits, in virtual time.
    pub async fn sleep(&self, milliseconds: u64) {
        self.clock().sleep(Duration::from_millis(milliseconds)).await;
    }

    /// Returns the future's output, or `None` if it takes longer than this.
    pub async fn within<T>(&self, milliseconds: u64, future: impl Future<Output = T>) -> Option<T> {
        match select(future, self.sleep(milliseconds)).await {
            Either::First(output) => Some(output),
            Either::Second(()) => None,
        }
    }

    /// Returns all octets that crossed the ports so far.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.tape.trace().clone()
    }

    /// Drives the devices until the application is finished, lets links end, and checks that nothing is left.
    pub fn run<T>(&self, devices: &[&Device], app: impl Future<Output = T>) -> T {
        let drivers = devices.iter().map(|device| Task::new(device.drive())).collect();
        self.run_driven(drivers, devices, app)
    }

    /// Like [`Self::run`], with drivers of the caller; none of them may end.
    pub fn run_driven<D, T>(
        &self,
        mut drivers: Vec<Task<'_, D>>,
        devices: &[&Device],
        app: impl Future<Output = T>,
    ) -> T {
        let output = self.world.block_on(async {
            let drive = poll_fn(|cx| {
                for driver in &mut drivers {
                    assert!(pin!(driver).poll(cx).is_pending(), "a driver has ended");
                }
                Poll::<()>::Pending
            });
            let app = async {
                let output = app.await;
                self.wind_down(devices).await;
                output
            };
            match select(drive, Task::new(app)).await {
                Either::Second(Some(output)) => output,
                Either::First(()) | Either::Second(None) => panic!("the application was dropped"),
            }
        });
        drop(drivers);
        for device in devices {
            let violations = self.world.violations(device.id());
            assert!(violations.is_none(), "{:?} broke the rules of HCI: {violations}", device.id());
        }
        output
    }

    /// Waits until every link has ended and every packet has been returned.
    async fn wind_down(&self, devices: &[&Device]) {
        let end = self.now() + WIND_DOWN;
        loop {
            let left: Vec<_> = devices.iter().filter_map(|device| device.leftovers()).collect();
            if left.is_empty() {
                return;
            }
            assert!(self.now() < end, "left behind: {left:#?}");
            self.sleep(100).await;
        }
    }

    /// Returns the device's address, once its controller is set up.
    pub async fn address(&self, device: &Device) -> Address {
        device.host().controller().await.unwrap().address
    }

    /// Connects two devices: the first advertises, the second connects.
    pub async fn connect<'d>(
        &self,
        peripheral: &'d Device,
        central: &'d Device,
    ) -> (Connection<'d>, Connection<'d>) {
        let peer = self.address(peripheral).await;
        self.connect_with(peripheral, central, &Connect::to(peer)).await
    }

    /// Like [`Self::connect`], with the parameters `connect`.
    pub async fn connect_with<'d>(
        &self,
        peripheral: &'d Device,
        central: &'d Device,
        connect: &Connect,
    ) -> (Connection<'d>, Connection<'d>) {
        let advertisement = Advertisement::connectable();
        let (there, here) = join(
            peripheral.host().advertise(&advertisement),
            central.host().connect_with(connect, &[]),
        )
        .await;
        (there.unwrap(), here.unwrap())
    }
}

/// Returns the value of `BINDRUNE_SEED`, which runs the same tests with other random numbers; 0 by default.
fn seed_offset() -> u64 {
    std::env::var("BINDRUNE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (Self { seed, loss, .. }, now) = (&*self, self.now().as_micros());
            eprintln!("seed {seed}, loss {loss} %, {now} µs; the end of the conversation:");
            eprintln!("{}", self.tape.trace().conversation());
        }
    }
}
