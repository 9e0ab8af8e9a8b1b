//! Controllers other than rootcanal's default: few buffers, no extended advertising, and Bumble's own.

use anyhow::Result;
use bindrune::transport::tcp;
use bindrune::{Address, Advertisement, Config, Psm, Scan, Status};
use bindrune_interop::own::{connect, push, transfer, use_database};
use bindrune_interop::services::SERVICES;
use bindrune_interop::transfer::{Log, Volume};
use bindrune_interop::{Air, Controllers, Node, Scratch, block_on, soon};

const PERIPHERAL: Config = Config::new("thermometer").services(SERVICES).prepare_bytes(1024);
const CENTRAL: Config = Config::new("phone").scan_bytes(1024);
const VOLUME: Volume = Volume { mps: 247, sdu: 1017, count: 64 };

/// Scans, connects, and does all operations of a link.
async fn do_all(mut peripheral: Node, mut central: Node) -> Result<()> {
    let address = peripheral.address().await?;
    let advertisement = Advertisement::connectable().name("thermometer");
    let scan = async {
        let mut buffer = [0; 512];
        let mut scanner = central.host().scan(&Scan { merge: true, ..Scan::active() })?;
        loop {
            let report = soon(scanner.next(&mut buffer)).await??;
            if report.address == Some(address) && report.ad().name().is_some() {
                return anyhow::Ok(());
            }
        }
    };
    tokio::select! {
        seen = scan => seen?,
        link = peripheral.host().advertise(&advertisement) => drop(link?),
    }

    let mut linked = connect(&peripheral, &central).await?;
    use_database(&linked).await?;
    push(&mut linked).await?;
    transfer(peripheral.host(), &linked, Psm(0x80), &VOLUME, &mut Log::new("odd")).await?;
    soon(linked.central.disconnect()).await??;
    drop(linked);
    peripheral.finish_sent().await?;
    central.finish_sent().await
}

#[test]
fn few_large_buffers() -> Result<()> {
    let scratch = Scratch::new("odd_few_large_buffers")?;
    let air = Air::start_with(&scratch, "strict: false preset: LAIRD_BL654")?;
    let peripheral = Node::start(&air, PERIPHERAL, "peripheral")?;
    let central = Node::start(&air, CENTRAL, "central")?;
    block_on(async {
        let info = soon(central.host().controller()).await??;
        assert_eq!((info.acl_len, info.acl_count), (512, 4));
        do_all(peripheral, central).await
    })
}

#[test]
fn no_extended_advertising() -> Result<()> {
    let scratch = Scratch::new("odd_no_extended_advertising")?;
    let configuration = "strict: false features { le_extended_advertising: false }";
    let air = Air::start_with(&scratch, configuration)?;
    let peripheral = Node::start(&air, PERIPHERAL, "peripheral")?;
    let central = Node::start(&air, CENTRAL, "central")?;
    block_on(async {
        assert!(!soon(central.host().controller()).await??.extended);
        do_all(peripheral, central).await
    })
}

#[test]
fn bumbles_own_controller() -> Result<()> {
    let scratch = Scratch::new("odd_bumble")?;
    let controllers = Controllers::start(&scratch)?;
    let [first, second] = controllers.hci();
    // Their link supports no public addresses.
    let random = |last| Address::random([0xc5, 1, 2, 3, 4, last]);
    let mut peripheral = Node::new(scratch.path(), PERIPHERAL.address(random(1)), "peripheral")?;
    peripheral.run(tcp::connect(first)?)?;
    let mut central = Node::new(scratch.path(), CENTRAL.address(random(2)), "central")?;
    central.run(tcp::connect(second)?)?;
    block_on(async {
        // It answers neither Read Remote Version Information nor LE Set PHY. The host resets it after each, and then
        // omits them.
        for timeouts in 1..=2 {
            let linked = connect(&peripheral, &central).await?;
            let reason = soon(linked.central.disconnected()).await?;
            assert_eq!(reason, Status::HARDWARE_FAILURE);
            assert_eq!(central.host().stats().command_timeouts, timeouts);
        }
        do_all(peripheral, central).await
    })
}
