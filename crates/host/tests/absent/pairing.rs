#![cfg(all(feature = "security", not(any(feature = "legacy", feature = "oob"))))]
//! Pairing without its older and its rarer half.

use crate::peer::{SMP, with_config};
use bindrune::{Config, PairingConfig};

/// A host that would accept both.
fn willing() -> Config {
    let pairing = PairingConfig { legacy: true, oob: true, ..PairingConfig::DEFAULT };
    Config::new("absent").pairing(pairing)
}

#[test]
fn a_peer_without_secure_connections_is_refused() {
    with_config(willing(), async |_, mut peer| {
        let request = [0x01, 0x03, 0x00, 0x01, 0x10, 0x03, 0x03];
        assert_eq!(peer.ask(SMP, &request).await, [0x05, 0x03]);
    });
}

#[test]
fn a_peer_that_has_out_of_band_data_is_refused() {
    with_config(willing(), async |_, mut peer| {
        let request = [0x01, 0x03, 0x01, 0x09, 0x10, 0x03, 0x03];
        assert_eq!(peer.ask(SMP, &request).await, [0x05, 0x02]);
    });
}
