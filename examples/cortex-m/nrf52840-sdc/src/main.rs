//! The peripheral on an nRF52840 without another chip: Nordic's SoftDevice Controller is the controller, and there is
//! no UART. Bonds are in the last two pages of the flash memory, which is written between the radio's events.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::ops::Range;

use bindrune::{FlashStore, Host, Platform};
use bindrune_bt_hci::bt_hci_0_10::{HostFlowControl, Peripheral, Typed};
use bindrune_cortex_m_app::peripheral::{self, CONFIG, Memory};
use embassy_executor::Spawner;
use embassy_futures::select::select;
use embassy_nrf::{
    bind_interrupts,
    interrupt::Priority,
    mode::Blocking,
    nvmc::{FLASH_SIZE, PAGE_SIZE},
    rng::Rng,
};
use nrf_mpsl::{
    ClockInterruptHandler, Flash, HighPrioInterruptHandler, LowPrioInterruptHandler,
    MultiprotocolServiceLayer, SessionMem, raw,
};
use panic_halt as _;
use static_cell::{ConstStaticCell, StaticCell};

bind_interrupts!(struct Interrupts {
    EGU0_SWI0 => LowPrioInterruptHandler;
    CLOCK_POWER => ClockInterruptHandler;
    RADIO => HighPrioInterruptHandler;
    TIMER0 => HighPrioInterruptHandler;
    RTC0 => HighPrioInterruptHandler;
});

const BONDS: Range<u32> = (FLASH_SIZE - 2 * PAGE_SIZE) as u32..FLASH_SIZE as u32;
/// Memory of the controller, in bytes, for one link with packets of 251 bytes. If it is too small, the controller
/// reports it at the start.
const CONTROLLER: usize = 12 * 1024;
/// ACL packets that the controller holds in each direction.
const PACKETS: u8 = 6;
const OCTETS: u16 = 251;

/// The crystal of the development kits.
const CLOCK: raw::mpsl_clock_lfclk_cfg_t = raw::mpsl_clock_lfclk_cfg_t {
    source: raw::MPSL_CLOCK_LF_SRC_XTAL as u8,
    rc_ctiv: 0,
    rc_temp_ctiv: 0,
    accuracy_ppm: 20,
    skip_wait_lfclk_started: false,
};

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static HOST: StaticCell<Host> = StaticCell::new();
    static MPSL: StaticCell<MultiprotocolServiceLayer<'_>> = StaticCell::new();
    static SESSIONS: StaticCell<SessionMem<1>> = StaticCell::new();
    static SDC: StaticCell<nrf_sdc::Mem<CONTROLLER>> = StaticCell::new();

    let mut config = embassy_nrf::config::Config::default();
    // The radio's interrupts have the highest priority.
    config.time_interrupt_priority = Priority::P2;
    let p = embassy_nrf::init(config);
    let peripherals =
        nrf_mpsl::Peripherals::new(p.RTC0, p.TIMER0, p.TEMP, p.PPI_CH19, p.PPI_CH30, p.PPI_CH31);
    let sessions = SESSIONS.init_with(SessionMem::new);
    let Ok(mpsl) =
        MultiprotocolServiceLayer::with_timeslots(peripherals, Interrupts, CLOCK, sessions)
    else {
        panic!("the clock is not as configured")
    };
    let mpsl = &*MPSL.init(mpsl);
    let peripherals = nrf_sdc::Peripherals::new(
        p.PPI_CH17, p.PPI_CH18, p.PPI_CH20, p.PPI_CH21, p.PPI_CH22, p.PPI_CH23, p.PPI_CH24,
        p.PPI_CH25, p.PPI_CH26, p.PPI_CH27, p.PPI_CH28, p.PPI_CH29,
    );
    let mut rng: Rng<'_, Blocking> = Rng::new_blocking(p.RNG);
    let controller = nrf_sdc::Builder::new().and_then(|builder| {
        builder
            .support_adv()
            .support_peripheral()
            .support_dle_peripheral()
            .support_le_2m_phy()
            .support_phy_update_peripheral()
            .peripheral_count(1)?
            .buffer_cfg(OCTETS, OCTETS, PACKETS, PACKETS)?
            .build(peripherals, &mut rng, mpsl, SDC.init_with(nrf_sdc::Mem::new))
    });
    let Ok(controller) = controller else { panic!("the controller needs more memory") };

    let flash = Flash::take(mpsl, p.NVMC);
    let (Ok(host), Ok(store)) = (Host::new(MEMORY.take(), CONFIG), FlashStore::new(flash, BONDS))
    else {
        panic!("the memory is too small")
    };
    let host = HOST.init(host);
    let mut adapter = Typed::<_>::new(&controller);
    let platform = Platform::new().store(store);
    let run = adapter.run::<(Peripheral, HostFlowControl), _>(|rx, tx| {
        // Both end only if the controller is lost for good: start again.
        select(host.run_with(rx, tx, platform), peripheral::run(host))
    });
    select(mpsl.run(), run).await;
    cortex_m::peripheral::SCB::sys_reset()
}
