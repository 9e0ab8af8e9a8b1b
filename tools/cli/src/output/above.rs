//! Output while the user edits a line: it goes above that line.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

/// Lines that may wait for a slow terminal. Further ones are dropped and counted.
const MOST: usize = 1024;

static ABOVE: OnceLock<Above> = OnceLock::new();

/// The way to the line editor. Printing may block, so a thread of its own does it.
#[derive(Debug)]
struct Above {
    queue: SyncSender<String>,
    dropped: AtomicU64,
}

static EDITS: AtomicBool = AtomicBool::new(false);

/// From now on, output goes to `print` while a line is edited.
pub(crate) fn start(print: impl FnMut(String) + Send + 'static) {
    let (queue, lines) = sync_channel(MOST);
    if ABOVE.set(Above { queue, dropped: AtomicU64::new(0) }).is_ok() {
        thread::spawn(move || forward(&lines, print));
    }
}

/// Sets whether a line is edited.
pub(crate) fn edits(on: bool) {
    EDITS.store(on, Ordering::Release);
}

/// Prints a line above the one that is edited. Returns false if none is edited.
pub(super) fn print(text: &str) -> bool {
    let Some(above) = ABOVE.get().filter(|_| EDITS.load(Ordering::Acquire)) else { return false };
    if above.queue.try_send(format!("{text}\n")).is_err() {
        above.dropped.fetch_add(1, Ordering::Relaxed);
    }
    true
}

fn forward(lines: &Receiver<String>, mut print: impl FnMut(String)) {
    while let Ok(line) = lines.recv() {
        print(line);
        let dropped = ABOVE.get().map_or(0, |above| above.dropped.swap(0, Ordering::Relaxed));
        if dropped > 0 {
            print(format!(
                "{dropped} lines were dropped: they came faster than the terminal shows them\n"
            ));
        }
    }
}
