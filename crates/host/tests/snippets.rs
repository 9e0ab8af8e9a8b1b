//! The code that pages show, compiled. `just house` finds code in a page that is not here.
#![cfg(all(
    feature = "capture",
    feature = "central",
    feature = "channels",
    feature = "client",
    feature = "observer",
    feature = "privacy",
    feature = "serial",
    feature = "server"
))]
#![allow(
    dead_code,
    unused_variables,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "pages show the line that matters"
)]

use std::error::Error as StdError;

use bindrune::{
    Address, Advertisement, BringUp, Channel, ChannelConfig, Characteristic, Config, Connect,
    Connection, ControllerCrypto, Error, FileStore, Host, IoCapability, Level, Listener, Opcode,
    PairingConfig, Platform, Privacy, Psm, Question, Resources, Service, Uuid,
    transport::serial::Serial,
};
use bindrune_controller::{ControllerConfig, World};
use embassy_futures::{join::join, select::select3};
use embassy_time::Duration;
use embedded_io_async::{Read, Write};

const UUID: Uuid = Uuid::new_16(0xff01);
const SERVICES: &[Service] = &[];
static LEVEL: Characteristic = Characteristic::new(UUID).read().notify().value(&[100]);

type Anything = Result<(), Box<dyn StdError>>;

#[rustfmt::skip]
mod data {
    use super::*;

    async fn values(host: &Host, link: &Connection<'_>, percent: u8) -> Result<(), Error> {
        host.gatt().update(&LEVEL, &[percent]).await?; // writes the value that the host holds, and notifies all subscribers
        link.notify(&LEVEL, &[percent]).await?;        // notifies this peer only; the value that the host holds stays
        host.set_device_name("Lamp in the hall")?; // at most 64 bytes
        Ok(())
    }

    async fn file(host: &Host, link: &Connection<'_>, file: Vec<u8>, store: impl Fn(&[u8])) -> Result<(), Error> {
        const CHANNEL: ChannelConfig = ChannelConfig { window: 32, ..ChannelConfig::DEFAULT };

        let mut channel = link.open_channel(Psm(0x80), CHANNEL).await?; // the sender
        channel.send_all(&file).await?;
        channel.close().await?;

        let mut listener = host.listen(Psm(0x80), CHANNEL)?;            // the receiver
        let (_link, mut channel) = listener.accept().await?;
        let mut sdu = [0; 8192];                                        // at least `channel.mtu()` bytes
        while let Ok(len) = channel.recv(&mut sdu).await {
            store(&sdu[..len]);
        }
        Ok(())
    }

    async fn two(host: &Host) -> Result<(), Error> {
        const CHANNEL: ChannelConfig = ChannelConfig { window: 32, ..ChannelConfig::DEFAULT };
        async fn serve_control(_: &mut Listener<'_>) {}
        async fn serve_bulk(_: &mut Listener<'_>) {}
        let mut control = host.listen(Psm(0x80), ChannelConfig::DEFAULT)?;
        let mut bulk = host.listen(Psm(0x81), CHANNEL)?;
        join(serve_control(&mut control), serve_bulk(&mut bulk)).await; // each awaits `accept` in a loop
        Ok(())
    }

    async fn many(host: &'static Host, advertisement: Advertisement<'_>) -> Result<(), Error> {
        async fn serve(mut link: Connection<'static>) {
            link.next().await;
        }
        loop {
            let link = host.advertise(&advertisement).await?; // `host` is a `&'static Host`
            tokio::spawn(serve(link));                        // async fn serve(mut link: Connection<'static>)
        }
    }

    async fn again(host: &Host, address: Address) -> Result<(), Error> {
        async fn use_peer(link: &Connection<'_>) {
            link.disconnected().await;
        }
        loop {
            let link = host.connect(&address).await?;
            use_peer(&link).await; // ends with `Error::Disconnected`
            // The link has ended: connect again.
        }
    }
}

#[rustfmt::skip]
mod run {
    use super::*;

    async fn captured<R, W>(host: &Host, rx: R, tx: W) -> Anything
    where
        R: Read,
        W: Write<Error = R::Error>,
    {
        use bindrune::transport::capture::capture;

        let (rx, tx) = capture(rx, tx, std::fs::File::create("trace.btsnoop")?)?;
        let end = host.run(rx, tx).await;
        Ok(())
    }

    async fn connect(host: &Host, address: Address) -> Result<(), Error> {
        let link = host.connect_with(&Connect::to(address).timeout(Duration::from_secs(10)), &[]).await?;
        Ok(())
    }

    async fn off<R: Read, W: Write<Error = R::Error>>(host: &Host, mut rx: R, mut tx: W) -> Result<(), Error> {
        host.shutdown().await?;                // takes at most 6 s; `run` then returns `RunError::ShutDown`
        let end = host.run(&mut rx, &mut tx).await; // later: the radio is on again
        Ok(())
    }

    async fn time(host: &Host, channel: &mut Channel<'_>, sdu: &[u8]) {
        host.sleep(Duration::from_secs(5)).await;                                  // on the clock of the host, virtual in a test
        let sent = host.within(Duration::from_secs(10), channel.send(sdu)).await;  // `Error::Timeout` after 10 s
    }

    fn memory() -> Anything {
        const CONFIG: Config = Config::new("Lamp").services(SERVICES);
        type Memory = Resources<2, 1, 20, 8, 264, { CONFIG.arena(2) }>;

        let host = Host::new(Box::leak(Box::new(Memory::new())), CONFIG)?;
        Ok(())
    }

    async fn test(host: Host, phone_host: Host) {
        async fn app(_: &Host) {}
        async fn phone(_: &Host) {}
        let world = World::new(1);                       // the seed
        world.set_loss(10);                              // percent of all packets
        let (rx, tx) = world.add(ControllerConfig::new()).split();
        let (phone_rx, phone_tx) = world.add(ControllerConfig::new()).split();
        let platform = || Platform::new().clock(world.clock()).crypto(ControllerCrypto::random_only());
        let hosts = join(host.run_with(rx, tx, platform()), phone_host.run_with(phone_rx, phone_tx, platform()));
        world.block_on(select3(hosts, app(&host), phone(&phone_host)));
    }

    async fn broadcom(host: &Host) -> Anything {
        let (mut rx, mut tx, mut port) = Serial::new("/dev/ttyS1").baud(115_200).open_with_baud()?;
        let mut chip = BringUp::new(&mut rx, &mut tx);
        chip.reset().await?;
        chip.download(&std::fs::read("BCM4345C0.hcd")?).await?;                       // commands, one after another
        chip.wait(Duration::from_millis(250)).await;                                 // the chip starts its firmware
        chip.reset().await?;
        chip.command(Opcode(0xfc01), &[1, 2, 3, 4, 5, 0xc0]).await?;                 // Write BD_ADDR
        chip.command(Opcode(0xfc18), &[0, 0, 0xc0, 0xc6, 0x2d, 0x00]).await?;        // Update Baud Rate: 3,000,000
        port.set(3_000_000)?;                                                        // the chip has answered at the old rate
        chip.reset().await?;                                                         // fails if the chip does not answer at the new rate
        let end = host.run(rx, tx).await;
        Ok(())
    }
}

#[rustfmt::skip]
mod fuzzing {
    use bindrune::{Malformed, Reader};

    /// A temperature and a battery level, as a sensor sends them.
    fn parse(packet: &[u8]) -> Result<(u16, u8), Malformed> {
        let mut r = Reader::new(packet);
        let value = (r.u16()?, r.u8()?);
        r.finish()?;
        Ok(value)
    }
}

#[rustfmt::skip]
mod pairing {
    use super::*;

    static SECRET: Characteristic = Characteristic::new(UUID).read().permission(Level::Encrypted);

    fn show(_: u32) {}

    async fn agree(host: &Host) -> Result<(), Error> {
        let mut requests = host.pairing_requests()?;
        loop {
            let mut request = requests.next().await;
            match request.question() {
                Question::Confirm => request.accept(),
                Question::Display(passkey) => {
                    show(passkey); // six digits: `{passkey:06}`
                    request.ended().await;
                }
                _ => request.reject(),
            }
        }
    }

    mod passkey {
        use super::*;

        const CONFIG: Config = Config::new("Lock").services(SERVICES).pairing(PairingConfig {
            io: IoCapability::DisplayOnly,  // or KeyboardOnly
            mitm: true,
            require: Level::Authenticated,  // refuses Just Works
            ..PairingConfig::DEFAULT
        });
    }

    async fn kept<R: Read, W: Write<Error = R::Error>>(host: &Host, rx: R, tx: W) -> Anything {
        let platform = Platform::new().store(FileStore::open("bonds")?); // or FlashStore::new(flash, start..end)?
        let end = host.run_with(rx, tx, platform).await;
        Ok(())
    }

    async fn removed(host: &Host, identity: Address) -> Result<(), Error> {
        for bond in host.bonds() {
            println!("{} {:?}", bond.identity, bond.level);
        }
        host.bonds().remove(&identity).await?; // or `clear` for all
        Ok(())
    }

    const CONFIG: Config = Config::new("Tag").privacy(Privacy::ON);
}

#[cfg(feature = "classic")]
#[rustfmt::skip]
mod classic {
    use bindrune::{Classic, ClassicChannelConfig, ClassicConfig, ClassicDiscoverable, ClassicPsm, ClassicResources};

    use super::*;

    fn dual_mode() -> Result<Host, bindrune::ConfigError> {
        let resources = Box::leak(Box::new(Resources::<1>::new()));
        let classic = Box::leak(Box::new(ClassicResources::<1>::new()));
        let host = Host::new(resources, Config::new("Lamp"))?.with_classic(classic, ClassicConfig::new());
        Ok(host)
    }

    async fn visible(host: &Host) -> Result<(), Error> {
        host.classic().set_discoverable(ClassicDiscoverable::General)?;
        Ok(())
    }

    async fn late(classic: Classic<'_>, device: Address) -> Result<(), Error> {
        classic.set_packet_timeout(device, Some(Duration::from_millis(100))).await?;
        Ok(())
    }

    async fn secure(classic: Classic<'_>) -> Result<(), Error> {
        let mut listener = classic.listen(ClassicPsm(0x1001), ClassicChannelConfig::BASIC.level(Level::Authenticated))?;
        listener.accept().await.map(drop)
    }

    #[cfg(feature = "oob")]
    async fn touch(classic: Classic<'_>, device: Address, theirs: bindrune::ClassicOob) -> Result<(), Error> {
        let ours = classic.oob().await?; // to the other device
        drop(ours);
        classic.set_peer_oob(device, Some(theirs))?; // from the other device
        classic.connect(device).await?.pair(Level::Authenticated).await?;
        Ok(())
    }
}
