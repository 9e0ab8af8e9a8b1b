//! The decoder of captures reads what two hosts say over LE.

use bindrune::{ChannelConfig, ErrorCode, Psm};
use bindrune_pair::{Scene, Trace};
use bindrune_trace::{Decoder, Entry, Layer};
use embassy_futures::join::join;

use crate::{
    security::{NOTHING, OPEN, SECRET, VAULT, between, reader, refused, safe, try_read},
    table::{find, pattern},
};

/// Decodes what crossed the port of one device, and what was not answered.
fn decode(trace: &Trace, device: usize) -> (Vec<Entry>, Vec<Entry>) {
    let mut decoder = Decoder::new();
    let packets = trace.packets().into_iter().filter(|packet| packet.device == device);
    let entries = packets.map(|p| decoder.packet(Some(p.time), p.direction, &p.octets)).collect();
    (entries, decoder.finish())
}

#[test]
fn a_conversation_of_two_hosts_is_sound_and_named() {
    let scene = Scene::new(901);
    let ids = between(&scene, [safe(NOTHING), reader(NOTHING)], async |lock, phone| {
        let (_there, here) = scene.connect(lock, phone).await;
        assert_eq!(here.exchange_mtu().await, Ok(247));
        let (open, secret) = (find(&here, VAULT, &OPEN).await, find(&here, VAULT, &SECRET).await);
        assert_eq!(try_read(&here, &open).await, Ok(1));
        let before = refused(ErrorCode::INSUFFICIENT_AUTHENTICATION);
        assert_eq!(try_read(&here, &secret).await, before);
        here.pair().await.unwrap();
        let config = ChannelConfig::default();
        let mut listener = lock.host().listen(Psm(0x81), config).unwrap();
        let (near, far) = join(here.open_channel(Psm(0x81), config), listener.accept()).await;
        let (mut near, mut far) = (near.unwrap(), far.unwrap().1);
        let (value, mut data) = (pattern(3, 600), [0; 2000]);
        let (sent, received) = join(near.send(&value), far.recv(&mut data)).await;
        assert_eq!((sent, received), (Ok(()), Ok(600)));
        [lock.id(), phone.id()].map(|id| id.index())
    });
    let trace = scene.trace();
    for device in ids {
        let (entries, unanswered) = decode(&trace, device);
        let faulty: Vec<_> = entries.iter().filter(|entry| !entry.violations.is_empty()).collect();
        assert!(faulty.is_empty(), "{faulty:#?}");
        assert!(unanswered.is_empty(), "{unanswered:#?}");
        let has = |layer, text: &str| {
            let found =
                entries.iter().any(|entry| entry.layer == layer && entry.summary.contains(text));
            assert!(found, "{text:?} of {layer} is not in\n{}", trace.conversation());
        };
        has(Layer::Att, "MTU 247");
        has(Layer::Att, "Read Response: ");
        has(Layer::Smp, "Pairing DHKey Check");
        has(Layer::L2cap, "PSM 0x0081, SDU of");
        has(Layer::Hci, "Command Complete: Reset, success");
        has(Layer::Att, "Error Response: Read Request");
        let named = entries.iter().any(|entry| {
            entry.summary.starts_with("Read Request: ") && entry.summary.ends_with(" fff8")
        });
        assert!(named, "{}", trace.conversation());
    }
}
