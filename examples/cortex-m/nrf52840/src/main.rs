//! The peripheral on an nRF52840 with an H4 controller at its UART: RXD P0.08, TXD P0.06, CTS P0.07, RTS P0.05, as on a
//! development kit. Bonds are in the last two pages of its flash memory.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::ops::Range;

use bindrune::{FlashStore, Host, Platform};
use bindrune_cortex_m_app::peripheral::{self, CONFIG, Memory};
use embassy_embedded_hal::adapter::BlockingAsync;
use embassy_executor::Spawner;
use embassy_futures::select::select;
use embassy_nrf::{
    bind_interrupts,
    buffered_uarte::{self, BufferedUarte},
    nvmc::{FLASH_SIZE, Nvmc, PAGE_SIZE},
    peripherals::UARTE0,
    uarte::{self, Baudrate},
};
use panic_halt as _;
use static_cell::{ConstStaticCell, StaticCell};

bind_interrupts!(struct Interrupts {
    UARTE0 => buffered_uarte::InterruptHandler<UARTE0>;
});

const BONDS: Range<u32> = (FLASH_SIZE - 2 * PAGE_SIZE) as u32..FLASH_SIZE as u32;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static HOST: StaticCell<Host> = StaticCell::new();
    static RX: ConstStaticCell<[u8; 1024]> = ConstStaticCell::new([0; 1024]);
    static TX: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);

    let p = embassy_nrf::init(Default::default());
    let mut config = uarte::Config::default();
    config.baudrate = Baudrate::Baud1m;
    let (rx, tx) = BufferedUarte::new_with_rtscts(
        p.UARTE0,
        p.TIMER0,
        p.PPI_CH0,
        p.PPI_CH1,
        p.PPI_GROUP0,
        p.P0_08,
        p.P0_06,
        p.P0_07,
        p.P0_05,
        Interrupts,
        config,
        RX.take(),
        TX.take(),
    )
    .split();

    let flash = BlockingAsync::new(Nvmc::new(p.NVMC));
    let (Ok(host), Ok(store)) = (Host::new(MEMORY.take(), CONFIG), FlashStore::new(flash, BONDS))
    else {
        panic!("the memory is too small")
    };
    let host = HOST.init(host);
    // Both end only if the controller is lost for good: start again.
    select(host.run_with(rx, tx, Platform::new().store(store)), peripheral::run(host)).await;
    cortex_m::peripheral::SCB::sys_reset()
}
