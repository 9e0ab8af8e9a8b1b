//! Gives the linker its script.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Tlinkall.x");
}
