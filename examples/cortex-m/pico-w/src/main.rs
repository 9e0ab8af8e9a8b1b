//! The peripheral on a Raspberry Pi Pico W: the radio chip on the board is the controller, and there is no UART. Its
//! firmware is the vendor's; the environment variable `CYW43_FIRMWARE` names its folder. Bonds are in the last two
//! pages of the flash memory.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::ops::Range;

use bindrune::{FlashStore, Host, Platform};
use bindrune_bt_hci::bt_hci_0_8;
use bindrune_cortex_m_app::peripheral::{self, CONFIG, Memory};
use cyw43::{A4, Aligned};
use cyw43_pio::{DEFAULT_CLOCK_DIVIDER, PioSpi};
use embassy_embedded_hal::adapter::BlockingAsync;
use embassy_executor::Spawner;
use embassy_futures::select::select;
use embassy_rp::{
    bind_interrupts, dma,
    flash::{ERASE_SIZE, Flash},
    gpio::{Level, Output},
    peripherals::{DMA_CH0, PIO0},
    pio::{self, Pio},
};
use panic_halt as _;
use static_cell::{ConstStaticCell, StaticCell};

bind_interrupts!(struct Interrupts {
    PIO0_IRQ_0 => pio::InterruptHandler<PIO0>;
    DMA_IRQ_0 => dma::InterruptHandler<DMA_CH0>;
});

const FLASH_SIZE: usize = 2 << 20;
const BONDS: Range<u32> = (FLASH_SIZE - 2 * ERASE_SIZE) as u32..FLASH_SIZE as u32;

static WIFI: &Aligned<A4, [u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/43439A0.bin")));
static BLUETOOTH: &Aligned<A4, [u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/43439A0_btfw.bin")));
static NVRAM: &Aligned<A4, [u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/nvram_rp2040.bin")));
static CLM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/43439A0_clm.bin"));

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static HOST: StaticCell<Host> = StaticCell::new();
    static STATE: StaticCell<cyw43::State> = StaticCell::new();

    let p = embassy_rp::init(Default::default());
    let mut pio = Pio::new(p.PIO0, Interrupts);
    let spi = PioSpi::new(
        &mut pio.common,
        pio.sm0,
        DEFAULT_CLOCK_DIVIDER,
        pio.irq0,
        Output::new(p.PIN_25, Level::High),
        p.PIN_24,
        p.PIN_29,
        dma::Channel::new(p.DMA_CH0, Interrupts),
    );
    let power = Output::new(p.PIN_23, Level::Low);
    let state = STATE.init_with(cyw43::State::new);
    let (_wifi, driver, mut control, runner) =
        cyw43::new_with_bluetooth(state, power, spi, WIFI, BLUETOOTH, NVRAM).await;

    let flash = BlockingAsync::new(Flash::<_, _, FLASH_SIZE>::new_blocking(p.FLASH));
    let (Ok(host), Ok(store)) = (Host::new(MEMORY.take(), CONFIG), FlashStore::new(flash, BONDS))
    else {
        panic!("the memory is too small")
    };
    let host = HOST.init(host);
    let (rx, tx) = bt_hci_0_8::split(&driver);
    let app = async {
        control.init(CLM).await;
        // Both end only if the controller is lost for good: start again.
        select(host.run_with(rx, tx, Platform::new().store(store)), peripheral::run(host)).await;
    };
    select(runner.run(), app).await;
    cortex_m::peripheral::SCB::sys_reset()
}
