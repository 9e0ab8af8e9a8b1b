//! The total sizes in docs/memory.md are still about true.
#![cfg(all(
    target_pointer_width = "64",
    feature = "channels",
    feature = "client",
    feature = "commands",
    feature = "observer",
    feature = "security"
))]

use std::mem::size_of;

use bindrune::{Config, ConfigError, Host, PairingConfig, Resources};

const PAGE: &str = include_str!("../../../docs/memory.md");

/// The last column of the row of a page that names these resources, in bytes.
fn on_page(page: &str, resources: &str) -> Option<usize> {
    let row = page.lines().find(|line| line.starts_with('|') && line.contains(resources))?;
    row.trim_end_matches([' ', '|']).rsplit('|').next()?.trim().replace(',', "").parse().ok()
}

#[test]
fn the_page_about_memory_is_within_a_tenth() {
    let sizes = [
        ("`Resources<1, 0, 3, 2, 74, 512>`", size_of::<Resources<1, 0, 3, 2, 74, 512>>()),
        ("`Resources<1>`", size_of::<Resources<1>>()),
        ("`Resources<1, 1, 20, 8>`", size_of::<Resources<1, 1, 20, 8>>()),
        ("`Resources<3, 3, 32, 12>`", size_of::<Resources<3, 3, 32, 12>>()),
        (
            "`Resources<8, 16, 416, 48, 264, 24576>`",
            size_of::<Resources<8, 16, 416, 48, 264, 24576>>(),
        ),
    ];
    for (resources, size) in sizes {
        let said = on_page(PAGE, resources).unwrap();
        assert!(said.abs_diff(size) <= size / 10, "{resources} has {size} octets, not {said}");
    }
}

/// Bytes of resources with this many links and pairings, and the same packets.
const fn octets<const LINKS: usize, const PAIRINGS: usize>() -> usize {
    size_of::<Resources<LINKS, 0, 9, 6, 264, 0, 264, 264, PAIRINGS>>()
}

#[test]
fn a_link_and_a_pairing_cost_what_they_may() {
    let (link, pairing) =
        (octets::<2, 1>() - octets::<1, 1>(), octets::<1, 2>() - octets::<1, 1>());
    assert!(link <= 1850, "a link costs {link} octets");
    assert!(pairing <= 760, "a pairing costs {pairing} octets");
}

/// Whether a sensor with packets of this size can be created, and otherwise what it needs.
fn sensor<const SIZE: usize>(secure_connections: bool, mtu: u16) -> Result<(), ConfigError> {
    let resources = Box::leak(Box::new(Resources::<1, 0, 3, 2, SIZE, 512>::new()));
    let pairing = PairingConfig { secure_connections, legacy: true, ..PairingConfig::DEFAULT };
    let config = Config::new("sensor").mtu(mtu).bonds(1).scan_bytes(0).pairing(pairing);
    Host::new(resources, config).map(|_| ())
}

#[test]
fn a_packet_holds_the_longest_pdu_of_every_fixed_channel() {
    assert_eq!(sensor::<36>(false, 23), Ok(()));
    assert_eq!(sensor::<36>(true, 23), Err(ConfigError::Size { have: 36, need: 74 }));
    assert_eq!(sensor::<73>(true, 23), Err(ConfigError::Size { have: 73, need: 74 }));
    assert_eq!(sensor::<74>(true, 23), Ok(()));
    assert_eq!(sensor::<74>(true, 64), Err(ConfigError::Size { have: 74, need: 77 }));
}

#[cfg(feature = "classic")]
#[test]
fn the_page_about_classic_is_within_a_tenth() {
    use bindrune::ClassicResources;

    let page = include_str!("../../../docs/book/src/classic.md");
    let sizes = [
        ("`ClassicResources`", size_of::<ClassicResources>()),
        ("`ClassicResources<1>`", size_of::<ClassicResources<1>>()),
        ("`ClassicResources<1, 2, 1024, 1024>`", size_of::<ClassicResources<1, 2, 1024, 1024>>()),
        (
            "`ClassicResources<1, 2, 1024, 1024, 8, 4, 512, 0>`",
            size_of::<ClassicResources<1, 2, 1024, 1024, 8, 4, 512, 0>>(),
        ),
        (
            "`ClassicResources<1, 2, 66000, 66000>`",
            size_of::<ClassicResources<1, 2, 66000, 66000>>(),
        ),
    ];
    for (resources, size) in sizes {
        let said = on_page(page, resources).unwrap();
        assert!(said.abs_diff(size) <= size / 10, "{resources} has {size} bytes, not {said}");
    }
}
