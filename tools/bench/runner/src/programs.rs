//! Builds the measured programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// Compiler of images: Debian's, which builds `core` as small as the rest. Packages rustc-web, cargo-web, rust-web-src.
const IMAGE_RUSTC: &str = "/usr/bin/rustc";
const IMAGE_CARGO: &str = "/usr/bin/cargo";
const IMAGE_TARGET: &str = "thumbv7em-none-eabihf";

/// One of the two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Bindrune,
    Trouble,
}

/// Build of a desktop program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// This host, with the standard library.
    Desktop,
    /// The same, with BR/EDR.
    Classic,
    /// This host, as on a microcontroller.
    Embedded,
    /// trouble-host.
    Peer,
    /// trouble-host, with packets that hold the longest SDU.
    PeerLarge,
    /// This host on virtual controllers.
    Goodput,
}

/// Builds a program, and returns its path.
pub(crate) fn program(variant: Variant) -> Result<PathBuf> {
    let name = match variant {
        Variant::Desktop | Variant::Classic | Variant::Embedded => "bindrune-bench-host",
        Variant::Peer | Variant::PeerLarge => "bindrune-bench-trouble",
        Variant::Goodput => "bindrune-bench-goodput",
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--package", name]);
    match variant {
        Variant::Classic => drop(cargo.args(["--features", "classic"])),
        Variant::Embedded => drop(cargo.arg("--no-default-features")),
        Variant::PeerLarge => {
            cargo.env("TROUBLE_HOST_DEFAULT_PACKET_POOL_MTU", "2060");
            cargo.env("TROUBLE_HOST_DEFAULT_PACKET_POOL_SIZE", "32");
        }
        Variant::Desktop | Variant::Peer | Variant::Goodput => {}
    }
    build(&mut cargo)?;
    keep(&target().join("release").join(name), &format!("{variant:?}"))
}

/// Builds a program, runs it, and returns its output.
pub(crate) fn run(variant: Variant) -> Result<String> {
    let mut program = Command::new(program(variant)?);
    let output = program.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{program:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// Builds the image `name` for a Cortex-M4, and returns its path.
pub(crate) fn image(side: Side, name: &str) -> Result<PathBuf> {
    image_with(side, name, &[])
}

/// Builds the image `name` with more features of the host, and returns its path.
pub(crate) fn image_with(side: Side, name: &str, more: &[&str]) -> Result<PathBuf> {
    ensure!(
        Path::new(IMAGE_CARGO).exists() && Path::new(IMAGE_RUSTC).exists(),
        "images are built with Debian's compiler: install rustc-web, cargo-web and rust-web-src"
    );
    let package = match side {
        Side::Bindrune => "bindrune-bench-image",
        Side::Trouble => "bindrune-bench-image-trouble",
    };
    let mut cargo = Command::new(IMAGE_CARGO);
    cargo.args(["build", "-Z", "build-std=core", "--target", IMAGE_TARGET, "--profile", "image"]);
    let mut features = vec![name.to_owned()];
    features.extend(more.iter().map(|feature| format!("bindrune/{feature}")));
    cargo.args(["--package", package, "--bin", name, "--features", &features.join(",")]);
    // Sizes of stack frames and building `core` are unstable features.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", IMAGE_RUSTC);
    cargo.env("CARGO_TARGET_THUMBV7EM_NONE_EABIHF_RUSTFLAGS", "-Zemit-stack-sizes");
    cargo.env("CARGO_TARGET_THUMBV7EM_NONE_EABIHF_LINKER", linker()?);
    build(&mut cargo)?;
    let built = target().join(IMAGE_TARGET).join("image").join(name);
    let kept = [&[name], more].concat().join("-");
    keep(&built, &format!("{side:?}-{kept}"))
}

/// Copies a program, so that the next one of its name does not replace it.
fn keep(built: &Path, name: &str) -> Result<PathBuf> {
    let folder = target().join("programs");
    fs::create_dir_all(&folder)?;
    let kept = folder.join(name.to_lowercase());
    fs::copy(built, &kept)?;
    Ok(kept)
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for _ in 0..3 {
        root.pop();
    }
    root
}

/// Folder of all builds.
fn target() -> PathBuf {
    root().join("target/bench")
}

fn build(cargo: &mut Command) -> Result<()> {
    cargo.env("CARGO_TARGET_DIR", target());
    // Variables that cargo sets for this program must not reach the builds that it starts.
    for name in ["LD_LIBRARY_PATH", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
        cargo.env_remove(name);
    }
    let folder = root().join("tools/bench");
    let status = cargo.args(["--quiet", "--locked"]).current_dir(folder).status()?;
    ensure!(status.success(), "{cargo:?} failed");
    Ok(())
}

/// Returns the linker of rustup's toolchain, because Debian's compiler has none for this target.
fn linker() -> Result<PathBuf> {
    let ask = |arguments: &[&str]| {
        let output = Command::new("rustc").args(arguments).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "rustc {arguments:?} failed");
        anyhow::Ok(String::from_utf8(output.stdout)?)
    };
    let sysroot = ask(&["--print", "sysroot"])?;
    let version = ask(&["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("no host")?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/rust-lld"))
}
