//! Two devices of one world, for the tests of the examples.

use std::{boxed::Box, future::Future};

use bindrune::{Config, ControllerCrypto, Error, Host, Platform, Resources};
use bindrune_controller::{ControllerConfig, World};
use embassy_futures::{
    join::join,
    select::{Either, select},
};

/// Returns the results of `first` and `second` on two devices of one world; `first` ends with `second`.
pub(crate) fn on_two_devices<F: Future<Output = Result<T, Error>>, T>(
    devices: [&Host; 2],
    first: impl Future<Output = Result<(), Error>>,
    second: F,
) -> T {
    on_two_controllers([(); 2].map(|()| ControllerConfig::new()), devices, first, second)
}

/// Returns the results of `first` and `second` on two devices with these controllers; `first` ends with `second`.
pub(crate) fn on_two_controllers<F: Future<Output = Result<T, Error>>, T>(
    controllers: [ControllerConfig; 2],
    devices: [&Host; 2],
    first: impl Future<Output = Result<(), Error>>,
    second: F,
) -> T {
    let world = World::new(1);
    let ports = controllers.map(|controller| world.add(controller));
    let ids = [ports[0].id(), ports[1].id()];
    let mut drivers = ports.into_iter().zip(devices).map(|(port, host)| {
        let (rx, tx) = port.split();
        let platform = Platform::new().clock(world.clock());
        host.run_with(rx, tx, platform.crypto(ControllerCrypto::random_only()))
    });
    let drivers = join(drivers.next().unwrap(), drivers.next().unwrap());
    let work = select(first, second);
    let result = world.block_on(async {
        match select(drivers, work).await {
            Either::Second(Either::Second(result)) => result.unwrap(),
            Either::Second(Either::First(end)) => panic!("the first device ended: {end:?}"),
            Either::First(ends) => panic!("{ends:?}"),
        }
    });
    for id in ids {
        assert!(world.violations(id).is_none(), "{:?}", world.violations(id));
    }
    result
}

/// A device with one link, one channel, and memory for long values.
pub(crate) fn host(config: Config) -> Host {
    Host::new(Box::leak(Box::new(Resources::<1, 1, 20, 8, 264, 6144>::new())), config).unwrap()
}
