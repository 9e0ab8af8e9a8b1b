//! The Python environment of the peers: created once, pinned by `requirements.txt`.

use crate::scratch::workspace;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with the peers and their requirements.
pub(crate) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// Returns the environment, and creates it if it is missing or out of date. Concurrent test processes
/// wait for each other.
pub(crate) fn ready() -> Result<PathBuf> {
    let target = workspace().join("target");
    fs::create_dir_all(&target)?;
    let lock = File::create(target.join("interop-venv.lock"))?;
    lock.lock().context("cannot lock the Python environment")?;

    let venv = target.join("interop-venv");
    let wanted = fs::read_to_string(sources().join("requirements.txt"))?;
    let stamp = venv.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(venv);
    }
    if venv.exists() {
        fs::remove_dir_all(&venv)?;
    }
    run(Command::new("python3").arg("-m").arg("venv").arg(&venv))?;
    run(Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--requirement"])
        .arg(sources().join("requirements.txt")))?;
    fs::write(stamp, wanted)?;
    Ok(venv)
}

/// Returns the program rootcanal, which is inside a package of its wheel.
pub(crate) fn rootcanal(venv: &Path) -> Result<PathBuf> {
    let program = "rootcanal/bin/linux-x86_64/rootcanal";
    for entry in fs::read_dir(venv.join("lib"))? {
        let candidate = entry?.path().join("site-packages").join(program);
        if candidate.exists() {
            return Ok(candidate);
        }
    }
    bail!("the rootcanal wheel has no program for this machine (x86_64 Linux is needed)");
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed; the interoperability tests need python3 with venv, and PyPI:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
