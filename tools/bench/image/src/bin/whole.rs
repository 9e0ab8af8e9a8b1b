//! Image (e): every capability of LE is built in, with memory for two links, a channel and two pairings.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use bindrune::{Config, Host, Resources};
use bindrune_bench_board::{Receiver, Sender};
use bindrune_bench_image::{SERVICES, serve};
use embassy_executor::Spawner;
use embassy_futures::join::join;
use static_cell::{ConstStaticCell, StaticCell};

const CONFIG: Config = Config::new("T").services(SERVICES);
type Memory = Resources<2, 1, 12, 4, 264, { CONFIG.arena(2) }, 264, 264, 2>;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static HOST: StaticCell<Host> = StaticCell::new();
    let Ok(host) = Host::new(MEMORY.take(), CONFIG) else { return };
    let host: &'static Host = HOST.init(host);
    let _ended = join(host.run(Receiver, Sender), serve(host)).await;
}
