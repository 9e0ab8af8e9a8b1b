//! Programs that have a port open.

use std::{fs, path::Path};

/// Says which program has a port open, or which one may have it.
pub(super) fn advice(port: &Path) -> String {
    let known = holders(port);
    if known.is_empty() {
        return format!(
            "ModemManager, brltty or a terminal program may have it: `sudo fuser -v {}` shows which one. End it, and try again.",
            port.display()
        );
    }
    let (has, it) = if known.len() == 1 { ("has", "it") } else { ("have", "them") };
    format!("{} {has} it open: end {it}, and try again.", known.join(", "))
}

/// Returns the processes that have a file open, as far as this user may see: on Linux.
fn holders(port: &Path) -> Vec<String> {
    let Ok(port) = fs::canonicalize(port) else { return Vec::new() };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut found: Vec<String> = processes
        .filter_map(|process| {
            let id: u32 = process.file_name().to_str()?.parse().ok()?;
            let mut open = fs::read_dir(process.path().join("fd")).ok()?.flatten();
            open.any(|file| fs::read_link(file.path()).is_ok_and(|open| open == port))
                .then_some(())?;
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            Some(format!("{} (process {id})", name.trim()))
        })
        .collect();
    found.sort();
    found
}

/// Returns whether a program with this name runs: on Linux.
pub(super) fn runs(program: &str) -> bool {
    let mut processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let name = |path: &Path| fs::read_to_string(path.join("comm")).unwrap_or_default();
    processes.any(|process| name(&process.path()).trim() == program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_that_has_a_file_open_is_found() {
        let path = std::env::temp_dir().join(format!("bindrune-holders-{}", std::process::id()));
        let file = fs::File::create(&path).unwrap();
        let own = format!("(process {})", std::process::id());
        assert!(advice(&path).contains(&own), "{}", advice(&path));
        drop(file);
        assert!(advice(&path).contains("ModemManager"));
        let own = fs::read_to_string("/proc/self/comm").unwrap();
        assert!(runs(own.trim()) && !runs("no such program"));
        fs::remove_file(&path).unwrap();
    }
}
