//! The peripheral on an RP2040 with an H4 controller at its UART: TX GP0, RX GP1, CTS GP2, RTS GP3. Bonds are in the
//! last two pages of a Pico's flash memory.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::ops::Range;

use bindrune::{FlashStore, Host, Platform};
use bindrune_cortex_m_app::peripheral::{self, CONFIG, Memory};
use embassy_embedded_hal::adapter::BlockingAsync;
use embassy_executor::Spawner;
use embassy_futures::select::select;
use embassy_rp::{
    bind_interrupts,
    flash::{ERASE_SIZE, Flash},
    peripherals::UART0,
    uart::{self, BufferedInterruptHandler, BufferedUart},
};
use panic_halt as _;
use static_cell::{ConstStaticCell, StaticCell};

bind_interrupts!(struct Interrupts {
    UART0_IRQ => BufferedInterruptHandler<UART0>;
});

const FLASH_SIZE: usize = 2 << 20;
const BONDS: Range<u32> = (FLASH_SIZE - 2 * ERASE_SIZE) as u32..FLASH_SIZE as u32;

// ANCHOR: main
#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static HOST: StaticCell<Host> = StaticCell::new();
    static RX: ConstStaticCell<[u8; 1024]> = ConstStaticCell::new([0; 1024]);
    static TX: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);

    let p = embassy_rp::init(Default::default());
    let mut config = uart::Config::default();
    config.baudrate = 1_000_000;
    let (tx, rx) = BufferedUart::new_with_rtscts(
        p.UART0,
        p.PIN_0,
        p.PIN_1,
        p.PIN_3,
        p.PIN_2,
        Interrupts,
        TX.take(),
        RX.take(),
        config,
    )
    .split();

    let flash = BlockingAsync::new(Flash::<_, _, FLASH_SIZE>::new_blocking(p.FLASH));
    let (Ok(host), Ok(store)) = (Host::new(MEMORY.take(), CONFIG), FlashStore::new(flash, BONDS))
    else {
        panic!("the memory is too small")
    };
    let host = HOST.init(host);
    // Both end only if the controller is lost for good: start again.
    select(host.run_with(rx, tx, Platform::new().store(store)), peripheral::run(host)).await;
    cortex_m::peripheral::SCB::sys_reset()
}
// ANCHOR_END: main
