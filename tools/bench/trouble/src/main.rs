//! The work, done by two trouble-host hosts in one thread.
//!
//! `bindrune-bench-trouble WORK COUNT` prints how much of it arrived. SDUs longer than 251 bytes need its packet pool
//! built for them.
#![forbid(unsafe_code)]

mod channel;
mod gatt;
mod link;
mod transport;

use anyhow::{Result, anyhow, bail, ensure};
use bindrune_bench_null::{Task, Work};
// Locks for a host without the standard library.
use critical_section as _;

fn main() -> Result<()> {
    let task = Task::from_arguments()?;
    ensure!(task.services == 0, "the table of this program is fixed");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let delivered = tokio::task::LocalSet::new().block_on(&runtime, async {
        match task.work {
            Work::Channel(sdu) => channel::send(sdu, task.count).await,
            Work::WriteCommand => gatt::write_commands(task).await,
            Work::WriteRequest => gatt::write_requests(task).await,
            Work::Notification => gatt::notifications(task).await,
            _ => {
                bail!("that is measured with the other program alone")
            }
        }
    })?;
    task.report(delivered);
    Ok(())
}

/// An error of the host, whose types do not all implement `Error`.
fn failed(error: impl std::fmt::Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}
