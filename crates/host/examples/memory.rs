//! Prints the size of `Resources` in bytes, as a whole and for most of its parameters. See docs/memory.md.
//!
//! `cargo run -p bindrune --features std --example memory`

use std::mem::size_of;

use bindrune::{Config, Host, Resources};

/// This many links, channels, packets of the usual size and pairings; no arena.
type Of<
    const LINKS: usize,
    const CHANNELS: usize,
    const RX: usize,
    const TX: usize,
    const PAIRINGS: usize,
> = Resources<LINKS, CHANNELS, RX, TX, 264, 0, 264, 264, PAIRINGS>;
/// One link, no channels, the fewest packets, one pairing.
type Least = Of<1, 0, 3, 2, 1>;

fn main() {
    let least = size_of::<Least>();
    // Of eight more, because the whole is rounded up.
    let each = |bytes: usize| bytes.saturating_sub(least) / 8;
    let packet = each(size_of::<Of<1, 0, 11, 2, 1>>());
    let link = each(size_of::<Of<9, 0, 27, 18, 1>>()).saturating_sub(packet.saturating_mul(5));
    let channel = each(size_of::<Of<1, 8, 11, 2, 1>>()).saturating_sub(packet);
    let pairing = each(size_of::<Of<1, 0, 3, 2, 9>>());
    println!("each parameter, beyond the least ({least} bytes):");
    println!("  one link      {link:6}");
    println!("  one channel   {channel:6}");
    println!("  one packet    {packet:6}  of SIZE 264");
    println!("  one pairing   {pairing:6}");
    println!("  one byte of ARENA or SIZE is one byte, SIZE in each packet");
    println!("the arena without services, by default:");
    let [one, two] = [1, 2].map(|links| Config::new("").arena(links));
    println!("  one link      {one:6}");
    println!("  each further  {:6}", two.saturating_sub(one));
    println!("whole:");
    print::<Resources<1, 0, 3, 2, 74, 512>>("sensor, MTU 23", "1, 0, 3, 2, 74, 512");
    print::<Resources<1>>("the defaults", "1");
    print::<Resources<1, 1, 20, 8>>("bulk transfer", "1, 1, 20, 8");
    print::<Resources<3, 3, 32, 12>>("gateway", "3, 3, 32, 12");
    print::<Resources<8, 16, 416, 48, 264, 24576>>("the program", "8, 16, 416, 48, 264, 24576");
    println!("  {:40} {:6}", "Host itself", size_of::<Host>());
}

fn print<R>(what: &str, parameters: &str) {
    println!("  {:40} {:6}", format!("{what}: Resources<{parameters}>"), size_of::<R>());
}
