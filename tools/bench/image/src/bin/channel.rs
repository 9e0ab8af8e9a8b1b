//! Image (c): a peripheral that echoes SDUs of a channel.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use bindrune::{Advertisement, ChannelConfig, Config, Error, Host, Listener, Psm, Resources};
use bindrune_bench_board::{Receiver, Sender};
use embassy_executor::Spawner;
use embassy_futures::join::join;
use static_cell::{ConstStaticCell, StaticCell};

const CONFIG: Config = Config::new("T");
const CHANNEL: ChannelConfig = ChannelConfig { mtu: Some(245), mps: 247, window: 4 };
type Memory = Resources<1, 1, 9, 3, 264, { CONFIG.arena(1) }>;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static HOST: StaticCell<Host> = StaticCell::new();
    let Ok(host) = Host::new(MEMORY.take(), CONFIG) else { return };
    let host: &'static Host = HOST.init(host);
    let echo = async {
        let Ok(mut listener) = host.listen(Psm(0x81), CHANNEL) else { return };
        loop {
            let _ended = echo(host, &mut listener).await;
        }
    };
    let _ended = join(host.run(Receiver, Sender), echo).await;
}

/// Serves one central, until it closes its channel.
async fn echo(host: &Host, listener: &mut Listener<'_>) -> Result<(), Error> {
    let _link = host.advertise(&Advertisement::connectable()).await?;
    let (_link, mut channel) = listener.accept().await?;
    let mut buffer = [0; 245];
    loop {
        let len = channel.recv(&mut buffer).await?;
        channel.send(&buffer[..len]).await?;
    }
}
