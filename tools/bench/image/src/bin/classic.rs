//! Image (d): image (b), which also echoes datagrams of a channel of BR/EDR.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use bindrune::{
    ClassicChannelConfig, ClassicConfig, ClassicListener, ClassicPsm, ClassicResources, Config,
    Error, Host, Resources,
};
use bindrune_bench_board::{Receiver, Sender};
use bindrune_bench_image::{SERVICES, serve};
use embassy_executor::Spawner;
use embassy_futures::join::join4;
use static_cell::{ConstStaticCell, StaticCell};

const CONFIG: Config = Config::new("T").services(SERVICES).bonds(10);
type Memory = Resources<1, 0, 4, 2, 264, { CONFIG.arena(1) }>;
type ClassicMemory = ClassicResources<1, 2, 1024, 1024, 1, 4, 64, 0>;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static CLASSIC: ConstStaticCell<ClassicMemory> = ConstStaticCell::new(ClassicMemory::new());
    static HOST: StaticCell<Host> = StaticCell::new();
    let Ok(host) = Host::new(MEMORY.take(), CONFIG) else { return };
    let host: &'static Host = HOST.init(host.with_classic(CLASSIC.take(), ClassicConfig::new()));
    let pair = async {
        let Ok(mut requests) = host.pairing_requests() else { return };
        loop {
            requests.next().await.accept();
        }
    };
    let echo = async {
        let classic = host.classic();
        let listener = classic.listen(ClassicPsm(0x1001), ClassicChannelConfig::BASIC);
        let Ok(mut listener) = listener else { return };
        loop {
            let _ended = echo(&mut listener).await;
        }
    };
    let _ended = join4(host.run(Receiver, Sender), serve(host), pair, echo).await;
}

/// Serves one device, until it closes its channel.
async fn echo(listener: &mut ClassicListener<'_>) -> Result<(), Error> {
    let channel = listener.accept().await?;
    let mut buffer = [0; 672];
    loop {
        let len = channel.recv(&mut buffer).await?;
        channel.send(&buffer[..len]).await?;
    }
}
