#![cfg(not(feature = "client"))]
//! Without the GATT client.

use crate::peer::{ATT, with_peer};

#[test]
fn an_indication_is_confirmed_and_a_notification_dropped() {
    with_peer(async |host, mut peer| {
        peer.send(ATT, &[0x1b, 0x03, 0x00, 1, 2, 3]).await;
        assert_eq!(peer.ask(ATT, &[0x1d, 0x03, 0x00, 1, 2, 3]).await, [0x1e]);
        // Multiple Handle Value Notification: two values.
        peer.send(ATT, &[0x23, 0x03, 0x00, 0x01, 0x00, 7, 0x05, 0x00, 0x01, 0x00, 8]).await;
        // A response without a request.
        peer.send(ATT, &[0x0b, 1, 2, 3]).await;
        assert_eq!(peer.ask(ATT, &[0x02, 0x17, 0x00]).await[0], 0x03, "the link stays");
        assert_eq!(host.links(), 1);
        #[cfg(feature = "statistics")]
        {
            assert_eq!(host.stats().unclaimed_notifications, 4);
            assert_eq!(host.stats().att_violations, 1);
        }
    });
}
