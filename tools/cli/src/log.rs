//! Logs the host's messages on stderr, at the level of `-v`.

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::{output, paint::printable};

struct Stderr;

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The line editor logs its own work at all levels.
        let most = if metadata.target().starts_with("rustyline") {
            Level::Warn.to_level_filter()
        } else {
            log::max_level()
        };
        metadata.level() <= most
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            output::diagnostic(&format!(
                "{:<5} {}: {}",
                record.level().as_str().to_ascii_lowercase(),
                record.target(),
                printable(&record.args().to_string())
            ));
        }
    }

    fn flush(&self) {}
}

/// Starts logging: warnings, or more for each `-v`.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::Warn,
        1 => LevelFilter::Info,
        2 => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    };
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(level);
    }
}
