#![cfg(all(feature = "server", not(feature = "caching")))]
//! Without caching: the services are the same for as long as the host runs.

use crate::peer::{ATT, with_peer};

#[test]
fn there_is_no_hash_and_no_feature_of_the_client_to_write() {
    with_peer(async |_, mut peer| {
        for uuid in [0x2a, 0x29] {
            let read = [0x08, 0x01, 0x00, 0xff, 0xff, uuid, 0x2b];
            assert_eq!(peer.ask(ATT, &read).await, [0x01, 0x08, 0x01, 0x00, 0x0a], "{uuid:02x}");
        }
        // Service Changed makes clients without a bond discover on each link. [Vol 3] Part G, 2.5.2
        let mut found = Vec::new();
        let mut start = 1;
        while let [0x09, 7, rows @ ..] =
            &peer.ask(ATT, &[0x08, start, 0, 0xff, 0xff, 0x03, 0x28]).await[..]
        {
            found.extend(rows.chunks(7).map(|row| u16::from_le_bytes([row[5], row[6]])));
            start = rows[rows.len() - 7] + 1;
        }
        assert_eq!(found.last(), Some(&0x2a05), "{found:04x?}");
    });
}
