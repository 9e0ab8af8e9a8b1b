//! The peripheral of the example on the mps2-an386.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use bindrune::Host;
use bindrune_cortex_m_app::peripheral::{self, CONFIG, Memory};
use bindrune_cortex_m_firmware::{drive, run};
use log::error;
use static_cell::{ConstStaticCell, StaticCell};

#[cortex_m_rt::entry]
fn main() -> ! {
    run(bluetooth())
}

#[embassy_executor::task]
async fn bluetooth() {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static HOST: StaticCell<Host> = StaticCell::new();
    match Host::new(MEMORY.take(), CONFIG) {
        Ok(host) => {
            let host = HOST.init(host);
            drive(host, peripheral::run(host)).await;
        }
        Err(refusal) => error!("{refusal}"),
    }
}
