//! Reasons to end that come from outside of the program.

use std::{
    future::pending,
    process,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use crate::{failure::Exit, output};

/// Time in which the program reacts to a signal, if nothing blocks it.
const REACTION: Duration = Duration::from_secs(3);

/// Signals that the program has reacted to.
static SEEN: AtomicU64 = AtomicU64::new(0);

/// Whether a signal has arrived.
static SIGNALLED: AtomicBool = AtomicBool::new(false);

/// Returns whether a signal has arrived, also while the program waits for the reader of its output.
pub(crate) fn is_signalled() -> bool {
    SIGNALLED.load(Ordering::Acquire)
}

/// From now on, a signal ends the program also while it waits for the reader of its output. Without that, it would
/// have to be killed: it handles signals itself, between two outputs. Never resolves.
pub(crate) async fn guarded() {
    thread::spawn(guard);
    loop {
        requested().await;
        SEEN.fetch_add(1, Ordering::AcqRel);
    }
}

/// Ends the program if it does not react to a signal.
fn guard() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let Ok(runtime) = runtime else { return };
    loop {
        let before = SEEN.load(Ordering::Acquire);
        runtime.block_on(requested());
        SIGNALLED.store(true, Ordering::Release);
        thread::sleep(REACTION);
        if SEEN.load(Ordering::Acquire) == before {
            output::diagnostic(
                "error: interrupted while the output was blocked\n  \
                 Its reader does not read. The program ended at once: the controller may still advertise and have links.",
            );
            process::exit(Exit::Failed as i32);
        }
    }
}

/// Resolves when the user or the system ends the program.
pub(crate) async fn requested() {
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
    }
}

/// Resolves when the system ends the program.
pub(crate) async fn terminated() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::terminate(), SignalKind::hangup()];
        let [terminate, hangup] = kinds.map(|kind| {
            let ignored = kind == SignalKind::hangup() && hangup_is_ignored();
            if ignored { None } else { signal(kind).ok() }
        });
        tokio::select! {
            () = received(terminate) => {}
            () = received(hangup) => {}
        }
    }
    #[cfg(not(unix))]
    pending::<()>().await;
}

/// Resolves at Ctrl-C.
pub(crate) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
async fn received(signal: Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// Returns whether the program was started to survive its terminal, for example by nohup.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 != 0)
}

/// Resolves when the reader of the output is gone, even while there is nothing to print.
pub(crate) async fn output_closed() {
    #[cfg(unix)]
    if let Some(stdout) = watched()
        && stdout.ready(tokio::io::Interest::ERROR).await.is_ok()
    {
        return;
    }
    pending().await
}

/// Returns stdout with a watch for errors; `None` for a file, which is never closed.
#[cfg(unix)]
#[expect(deprecated, reason = "the descriptor of stdout is open as long as the program runs")]
fn watched() -> Option<tokio::io::unix::AsyncFd<std::io::Stdout>> {
    tokio::io::unix::AsyncFd::with_interest(std::io::stdout(), tokio::io::Interest::ERROR).ok()
}
