//! Image (a): a peripheral with a GATT server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use bindrune_bench_image_trouble::{Memory, address, controller, serve};
use embassy_executor::Spawner;
use embassy_futures::join::join;
use static_cell::StaticCell;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: StaticCell<Memory> = StaticCell::new();
    let stack = trouble_host::new(controller(), MEMORY.init(Memory::new()))
        .set_random_address(address())
        .build();
    let mut runner = stack.runner();
    let _ended = join(runner.run(), serve(&stack)).await;
}
