//! How to test *your* Bluetooth LE application in continuous integration: two devices, virtual time, no radio.
//!
//! `cargo test -p bindrune-controller --example test_your_app` takes a moment, because virtual time does not have to
//! pass. So an application must take the time from its host: `Host::sleep`, `Host::now`, `Host::within`. A timer of an
//! executor, or that of embassy-time, would wait for real time.
#![expect(clippy::wildcard_enum_match_arm, reason = "an application handles only some events")]
#![allow(clippy::arithmetic_side_effects, reason = "times are far from their limits")]

use bindrune::{
    Address, Advertisement, Characteristic, Config, ControllerCrypto, Duration, Error, Event, Host,
    Platform, Resources, Service, Uuid,
};
use bindrune_controller::{ControllerConfig, World};
use embassy_futures::{
    join::join,
    select::{Either, Either3, select, select3},
};

const LAMP: Uuid = Uuid::new_16(0xfff0);
const ADDRESS: Address = Address::random([0xc0, 0, 0, 0, 0, 1]);
static BRIGHTNESS: Characteristic = Characteristic::new(Uuid::new_16(0xfff1)).read().write();
static SERVICES: &[Service] = &[Service::primary(LAMP, &[&BRIGHTNESS])];

/// The lamp goes out if no client has set it for this long.
const GOES_OUT: Duration = Duration::from_secs(60);

/// Your application, as it ships.
async fn lamp(host: &Host) -> Result<(), Error> {
    let mut brightness = 100;
    let mut link = host.advertise(&Advertisement::connectable().service(LAMP)).await?;
    let mut out_at = host.now().await + GOES_OUT;
    loop {
        let event = match select(link.next(), host.sleep_until(out_at)).await {
            Either::First(event) => event,
            Either::Second(()) => {
                (brightness, out_at) = (0, host.now().await + GOES_OUT);
                continue;
            }
        };
        match event {
            Event::Read(request) if request.is(&BRIGHTNESS) => request.reply(&[brightness]),
            Event::Write(request) if request.is(&BRIGHTNESS) => {
                brightness = request.value().first().copied().unwrap_or(0).min(100);
                out_at = host.now().await + GOES_OUT;
                request.accept();
            }
            Event::Disconnected(_) => return Ok(()),
            _ => {}
        }
    }
}

/// The other device, controlled by the test: sets the lamp to 150, and returns its value then and after two minutes.
async fn phone(host: &Host) -> Result<[u8; 2], Error> {
    let link = host.connect(&ADDRESS).await?;
    let brightness = link.service(LAMP).await?.characteristic(Uuid::new_16(0xfff1)).await?;
    link.write(&brightness, &[150]).await?;
    let (mut now, mut later) = ([0], [0]);
    link.read(&brightness, &mut now).await?;
    host.sleep(GOES_OUT * 2).await;
    link.read(&brightness, &mut later).await?;
    Ok([now[0], later[0]])
}

/// The same seed gives the same trace, byte for byte, including every lost packet.
fn dims_the_lamp(seed: u64, loss: u8) -> Result<[u8; 2], Box<dyn std::error::Error>> {
    let world = World::new(seed);
    world.set_loss(loss);
    let [(lamp_rx, lamp_tx), (phone_rx, phone_tx)] =
        [(); 2].map(|()| world.add(ControllerConfig::new()).split());
    let config = Config::new("Lamp").services(SERVICES).address(ADDRESS);
    let lamp_host = Host::new(Box::leak(Box::new(Resources::<1>::new())), config)?;
    let phone_host = Host::new(Box::leak(Box::new(Resources::<1>::new())), Config::new("Phone"))?;
    // The clock and the random numbers come from the world: every run is the same.
    let platform = || Platform::new().clock(world.clock()).crypto(ControllerCrypto::random_only());
    let hosts = join(
        lamp_host.run_with(lamp_rx, lamp_tx, platform()),
        phone_host.run_with(phone_rx, phone_tx, platform()),
    );
    match world.block_on(select3(hosts, lamp(&lamp_host), phone(&phone_host))) {
        Either3::First((lamp, phone)) => Err(format!("{lamp}; {phone}").into()),
        Either3::Second(end) => Err(format!("the lamp went out: {end:?}").into()),
        Either3::Third(brightness) => Ok(brightness?),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [now, later] = dims_the_lamp(1, 0)?;
    println!("the lamp is at {now} %, and after two minutes at {later} %");
    Ok(())
}

#[test]
fn the_lamp_takes_at_most_100_and_goes_out() {
    assert_eq!(dims_the_lamp(1, 0).unwrap(), [100, 0]);
}

#[test]
fn it_works_when_every_tenth_packet_is_lost() {
    assert_eq!(dims_the_lamp(2, 10).unwrap(), [100, 0]);
}
