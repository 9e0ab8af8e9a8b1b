//! The work, done by two bindrune hosts in one thread.
//!
//! `bindrune-bench-host WORK COUNT [SERVICES]` prints how much of it arrived.
#![forbid(unsafe_code)]

mod capability;
mod channel;
mod floor;
mod gatt;
mod link;
mod links;

use anyhow::Result;
use bindrune_bench_null::{Task, Work};
// Locks for a host without the standard library.
use critical_section as _;

fn main() -> Result<()> {
    let task = Task::from_arguments()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let delivered = tokio::task::LocalSet::new().block_on(&runtime, async {
        match task.work {
            Work::Channel(sdu) => channel::send(sdu, task.count).await,
            Work::WriteCommand => gatt::write_commands(task).await,
            Work::WriteRequest => gatt::write_requests(task).await,
            Work::Notification => gatt::notifications(task).await,
            Work::Received(number) => links::received(number, task.count).await,
            Work::Sent(number) => links::sent(number, task.count).await,
            Work::SentByTasks(number) => links::sent_by_tasks(number, task.count).await,
            work @ (Work::Basic(_) | Work::Enhanced(_) | Work::Serial(_) | Work::Search(_)) => {
                capability::classic(work, task.count).await
            }
            Work::Floor => Ok(floor::packets(task.count)),
        }
    })?;
    task.report(delivered);
    Ok(())
}
