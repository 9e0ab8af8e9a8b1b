//! The board: QEMU's mps2-an386, a Cortex-M4 at 25 MHz.
//!
//! The second UART carries H4 ([`uart`]); the first one is a console for logs and commands ([`console`]). To move to
//! another board, replace these two and [`clock`] with its HAL, and [`executor`] with `embassy_executor::Executor`.
#![no_std]

mod clock;
mod console;
mod counters;
mod executor;
mod flash;
mod interrupts;
mod registers;
mod stack;
mod uart;

use core::{convert::Infallible, future::Future};

use bindrune::{Error, FlashStore, Host, Platform};
use bindrune_cortex_m_app::flash::RamFlash;
use embassy_executor::{SpawnError, SpawnToken};
use embassy_futures::select::{Either, select};
use log::{error, info};

/// Starts the board, and runs its console beside a task, forever.
pub fn run<S>(task: Result<SpawnToken<S>, SpawnError>) -> ! {
    console::start();
    clock::start();
    info!("started");
    executor::run(|spawner| match (console::obey(), task) {
        (Ok(obey), Ok(task)) => {
            spawner.spawn(obey);
            spawner.spawn(task);
        }
        (Err(refusal), _) | (_, Err(refusal)) => error!("{refusal:?}"),
    })
}

/// Drives the host over the second UART beside its application, and logs the error that ends one of them.
pub async fn drive(host: &Host, app: impl Future<Output = Result<Infallible, Error>>) {
    let (rx, tx) = uart::start();
    let store = match FlashStore::new(flash::take(), RamFlash::range()) {
        Ok(store) => store,
        Err(refusal) => return error!("{refusal}"),
    };
    match select(host.run_with(rx, tx, Platform::new().store(store)), app).await {
        Either::First(end) => error!("the host ended: {end}"),
        Either::Second(Err(end)) => error!("the application ended: {end}"),
        Either::Second(Ok(never)) => match never {},
    }
}
