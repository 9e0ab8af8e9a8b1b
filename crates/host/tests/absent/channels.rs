#![cfg(not(feature = "channels"))]
//! Without credit-based channels.

use crate::peer::{ATT, SIGNALLING, with_peer};

#[test]
fn a_channel_is_refused_for_its_psm() {
    with_peer(async |_, mut peer| {
        // LE Credit Based Connection Request: SPSM 0x0081, CID 0x0040, MTU and MPS 100, one credit.
        let request = [0x14, 7, 10, 0, 0x81, 0, 0x40, 0, 100, 0, 100, 0, 1, 0];
        let refused = [0x15, 7, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0];
        assert_eq!(peer.ask(SIGNALLING, &request).await, refused);
        // A frame to a channel that does not exist, and credits for it, have no answer.
        peer.send(0x40, &[2, 0, 1, 2]).await;
        peer.send(SIGNALLING, &[0x16, 8, 4, 0, 0x40, 0, 1, 0]).await;
        // A request to close one is rejected: Invalid CID.
        let close = [0x06, 9, 4, 0, 0x40, 0, 0x41, 0];
        assert_eq!(peer.ask(SIGNALLING, &close).await, [0x01, 9, 6, 0, 0x02, 0, 0x40, 0, 0x41, 0]);
        assert_eq!(peer.ask(ATT, &[0x02, 0x17, 0x00]).await[0], 0x03, "the link stays");
    });
}
