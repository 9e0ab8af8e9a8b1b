//! The peripheral on an ESP32-C3: the chip's own radio is the controller, and there is no UART. Bonds are in the last
//! two sectors of the first 4 MiB of the flash memory.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::ops::Range;

use bindrune::{FlashStore, Host, Platform};
use bindrune_bt_hci::transport_0_1;
use bindrune_cortex_m_app::peripheral::{self, CONFIG, Memory};
use embassy_embedded_hal::adapter::BlockingAsync;
use embassy_executor::Spawner;
use embassy_futures::select::select;
use esp_hal::timer::timg::TimerGroup;
use esp_radio::ble::controller::BleConnector;
use esp_storage::FlashStorage;
use panic_halt as _;
use static_cell::{ConstStaticCell, StaticCell};

esp_bootloader_esp_idf::esp_app_desc!();

const FLASH_SIZE: u32 = 4 << 20;
const BONDS: Range<u32> = FLASH_SIZE - 2 * FlashStorage::SECTOR_SIZE..FLASH_SIZE;

#[esp_rtos::main]
async fn main(_spawner: Spawner) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static HOST: StaticCell<Host> = StaticCell::new();

    let p = esp_hal::init(esp_hal::Config::default());
    // Only for the radio's library: the host has no allocator.
    esp_alloc::heap_allocator!(size: 72 * 1024);
    let timers = TimerGroup::new(p.TIMG0);
    esp_rtos::start(timers.timer0, p.FROM_CPU_INTR0);
    let Ok(controller) = BleConnector::new(p.BT, Default::default()) else {
        panic!("the radio does not start")
    };

    let flash = BlockingAsync::new(FlashStorage::new(p.FLASH));
    let (Ok(host), Ok(store)) = (Host::new(MEMORY.take(), CONFIG), FlashStore::new(flash, BONDS))
    else {
        panic!("the memory is too small")
    };
    let host = HOST.init(host);
    let (rx, tx) = transport_0_1::split(&controller);
    // Both end only if the controller is lost for good: start again.
    select(host.run_with(rx, tx, Platform::new().store(store)), peripheral::run(host)).await;
    esp_hal::system::software_reset()
}
