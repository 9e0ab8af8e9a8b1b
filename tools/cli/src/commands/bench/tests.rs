//! Virtual worlds, each with its own bottleneck, in virtual time.

use bindrune::{
    Advertisement, Connect, ConnectionParameters, ControllerCrypto, Host, Platform, Psm,
};
use bindrune_controller::{ControllerConfig, World};

use super::{report::Measured, *};
use crate::{memory, services};

/// A link whose two controllers are the same.
#[derive(Clone, Copy)]
struct Setting {
    acl: (u16, u8),
    baud: Option<u32>,
    window: u16,
    /// In units of 1.25 ms.
    interval: u16,
}

const USUAL: Setting = Setting { acl: (251, 8), baud: None, window: bench::WINDOW, interval: 24 };

/// Starts a host on a controller, and returns it with what drives it.
fn start(world: &World, setting: Setting) -> (&'static Host, impl Future<Output = ()>) {
    let config = session::config("bench").services(services::SINK);
    let host = memory::host(config, None).unwrap();
    let controller = ControllerConfig::new().acl_buffers(setting.acl.0, setting.acl.1);
    let (reader, writer) = world.add(controller).split_over_line(setting.baud);
    let platform = Platform::new().clock(world.clock()).crypto(ControllerCrypto::random_only());
    (host, async move {
        let end = host.run_with(reader, writer, platform).await;
        panic!("the host stopped: {end:?}");
    })
}

async fn serve(host: &'static Host, setting: Setting) {
    let attend = async {
        let advertisement = Advertisement::connectable();
        bench::attend(host.advertise(&advertisement).await.unwrap()).await
    };
    tokio::select! {
        end = bench::serve_all(host, Psm(0xb0), setting.window, setting.baud) => panic!("{end:?}"),
        reason = attend => panic!("{reason}"),
    }
}

/// Measures these paths.
async fn measure(
    host: &'static Host,
    device: &'static Host,
    setting: Setting,
    paths: &[Path],
) -> Vec<Measured> {
    let Setting { interval, baud, .. } = setting;
    let parameters = ConnectionParameters {
        interval_min: interval,
        interval_max: interval,
        latency: 0,
        timeout: 3000,
    };
    let device = device.controller().await.unwrap().address;
    let connect = Connect::to(device).parameters(parameters);
    let connection = host.connect_with(&connect, &[]).await.unwrap();
    let patience = Duration::from_secs(60);
    let lab = Lab { host, connection: &connection, baud, patience, seconds: 2.0 };
    let facts = facts(&lab).await.unwrap();
    lab.settle().await.unwrap();
    let mut results = Vec::new();
    for path in paths {
        results.push(path.measure(&lab, &facts).await.unwrap());
    }
    results
}

/// Measures every path in a world, and compares each with its bound and its bottleneck.
#[track_caller]
fn assert_world(setting: Setting, expected: [&str; 5]) {
    let world = World::new(7);
    let ((host, run), (device, run_device)) = (start(&world, setting), start(&world, setting));
    let measured = world.block_on(async {
        tokio::select! {
            measured = measure(host, device, setting, &Path::ALL) => measured,
            () = serve(device, setting) => panic!("the device ended"),
            () = run => panic!(),
            () = run_device => panic!(),
        }
    });
    for (result, expected) in measured.iter().zip(expected) {
        assert_eq!(result.bottleneck, expected, "{result:?}");
        let share = result.kilobits_per_second / result.bound;
        assert!((share - 1.0).abs() < 0.02, "{share}: {result:?}");
        assert_eq!(result.lost, 0, "{result:?}");
    }
}

#[test]
fn a_world_without_limits_is_limited_by_the_air() {
    let air = "airtime";
    assert_world(USUAL, [air, air, air, air, "connection-interval"]);
}

#[test]
fn a_slow_uart_is_the_bottleneck() {
    let uart = "uart";
    let slow = Setting { baud: Some(115_200), ..USUAL };
    assert_world(slow, [uart, uart, uart, uart, "connection-interval"]);
}

#[test]
fn few_acl_buffers_are_the_bottleneck() {
    let few = "acl-buffers";
    for buffers in [1, 2] {
        let setting = Setting { acl: (251, buffers), ..USUAL };
        assert_world(setting, [few, few, few, few, "connection-interval"]);
    }
}

#[test]
fn a_small_window_is_the_bottleneck() {
    let air = "airtime";
    let setting = Setting { window: 1, ..USUAL };
    assert_world(setting, ["window", air, air, air, "connection-interval"]);
}

#[test]
fn a_long_interval_is_the_bottleneck() {
    let air = "airtime";
    let setting = Setting { interval: 400, ..USUAL };
    assert_world(setting, [air, air, air, air, "connection-interval"]);
}
