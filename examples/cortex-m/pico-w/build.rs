//! Passes linker scripts to the linker, and the radio's firmware to the program.

use std::{fs, io, path::PathBuf};

/// The vendor's files, in the folder `cyw43-firmware` of embassy's repository.
const FIRMWARE: [&str; 4] =
    ["43439A0.bin", "43439A0_btfw.bin", "43439A0_clm.bin", "nvram_rp2040.bin"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::copy("memory.x", out.join("memory.x"))?;
    for file in FIRMWARE {
        fs::write(out.join(file), firmware(file)?)?;
    }
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tlink-rp.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rerun-if-env-changed=CYW43_FIRMWARE");
    Ok(())
}

/// Returns the files of the folder in the environment variable. Without the variable they are empty: the image builds,
/// but does not run.
fn firmware(file: &str) -> io::Result<Vec<u8>> {
    let Ok(folder) = std::env::var("CYW43_FIRMWARE") else {
        println!("cargo:warning=without CYW43_FIRMWARE the image has no {file}");
        return Ok(Vec::new());
    };
    fs::read(PathBuf::from(folder).join(file))
}
