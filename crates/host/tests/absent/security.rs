#![cfg(not(feature = "security"))]
//! Without the Security Manager.

use crate::peer::{ATT, SMP, with_peer};

#[test]
fn a_pairing_is_not_supported() {
    with_peer(async |_, mut peer| {
        let request = [0x01, 0x03, 0x00, 0x0d, 0x10, 0x03, 0x03];
        assert_eq!(peer.ask(SMP, &request).await, [0x05, 0x05]);
        // PDUs of no pairing and unknown PDUs have no answer; the next request has one.
        for stray in [&[0x03, 0x00][..], &[0x05, 0x08], &[0x7f], &[]] {
            peer.send(SMP, stray).await;
        }
        assert_eq!(peer.ask(SMP, &request).await, [0x05, 0x05]);
        peer.send(SMP, &[0x0b, 0x01]).await;
        assert_eq!(peer.receive(SMP).await, [0x05, 0x05], "a Security Request");
    });
}

#[test]
fn a_key_is_refused_and_the_link_stays() {
    with_peer(async |host, mut peer| {
        let mut enable = vec![0x40, 0x00];
        enable.extend([0x5a; 26]);
        peer.command(0x2019, &enable).await;
        // Encryption Change: PIN or Key Missing.
        peer.packet(&[0x04, 0x08, 0x04, 0x06, 0x40, 0x00, 0x00]).await;
        assert_eq!(host.links(), 1);
        assert_eq!(peer.ask(ATT, &[0x02, 0x17, 0x00]).await[0], 0x03, "it still answers");
    });
}
