#![cfg(not(feature = "tuning"))]
//! Without requests of the application to a link: a peer's request is answered.

use crate::peer::{ATT, with_peer};

/// LE Meta events of the raw central's link.
const UPDATED: [u8; 6] = [0x04, 0x3e, 0x0a, 0x03, 0x00, 0x40];
const LENGTHS: [u8; 5] = [0x04, 0x3e, 0x0b, 0x07, 0x40];
const PHYS: [u8; 6] = [0x04, 0x3e, 0x06, 0x0c, 0x00, 0x40];

#[test]
fn a_peer_gets_other_parameters_lengths_and_phys() {
    with_peer(async |host, mut peer| {
        peer.command(0x2013, &[0x40, 0, 0x28, 0, 0x28, 0, 0, 0, 0x80, 0, 0, 0, 0, 0]).await;
        assert_eq!(peer.packet(&UPDATED).await[1..3], [0x28, 0x00]);
        peer.command(0x2022, &[0x40, 0, 0xfb, 0, 0x90, 0x42]).await;
        // The parameters as the central requested them; the host has requested nothing, and its controller agrees.
        assert_eq!(peer.packet(&LENGTHS).await[1..3], [0xfb, 0x00]);
        peer.command(0x2032, &[0x40, 0, 0, 2, 2, 0, 0]).await;
        assert_eq!(peer.packet(&PHYS).await[1..], [2, 2]);
        assert_eq!(peer.ask(ATT, &[0x02, 0x17, 0x00]).await[0], 0x03, "the link stays");
        assert_eq!(host.links(), 1);
        #[cfg(feature = "statistics")]
        assert_eq!(host.stats().unknown_events, 0);
    });
}
