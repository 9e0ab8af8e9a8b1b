//! Image (c): a peripheral that echoes SDUs of a channel.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use bindrune_bench_image_trouble::{Memory, PSM, address, advertise, controller};
use embassy_executor::Spawner;
use embassy_futures::join::join;
use static_cell::StaticCell;
use trouble_host::prelude::*;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: StaticCell<Memory> = StaticCell::new();
    let stack = trouble_host::new(controller(), MEMORY.init(Memory::new()))
        .set_random_address(address())
        .register_l2cap_spsm(PSM)
        .build();
    let mut runner = stack.runner();
    let echo = async {
        let mut peripheral = stack.peripheral();
        loop {
            let Some(link) = advertise(&mut peripheral).await else { continue };
            let listener = L2capChannel::listen(&stack, &link);
            let Ok(mut channel) = listener.accept(&Default::default()).await else { continue };
            let mut buffer = [0; 245];
            while let Ok(len) = channel.receive(&stack, &mut buffer).await {
                if channel.send(&stack, &buffer[..len]).await.is_err() {
                    break;
                }
            }
        }
    };
    let _ended = join(runner.run(), echo).await;
}
