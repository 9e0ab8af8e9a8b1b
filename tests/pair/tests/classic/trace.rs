//! The decoder of captures reads what two hosts say over BR/EDR.

use bindrune::{ClassicChannelConfig, ClassicPsm, Level, Port, ServiceRecord, Uuid};
use bindrune_pair::Scene;
use bindrune_trace::{Decoder, Layer};
use embassy_futures::join::join;

use crate::{address, channels, random, two};

const SERIAL_PORT: [Uuid; 1] = [Uuid::new_16(0x1101)];

#[test]
fn a_conversation_over_br_edr_is_sound_and_named() {
    let scene = Scene::new(902);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = (lamp.host().classic(), phone.host().classic());
        let at = address(there).await;
        let mut listener = there.rfcomm_listen(None, Level::Encrypted).unwrap();
        let service =
            ServiceRecord::new(&SERIAL_PORT, Port::Rfcomm(listener.channel())).name("Port");
        let _advertised = there.advertise(&service).unwrap();
        there.set_connectable(true).unwrap();
        let mut records = [0; 1024];
        let found = here.services(at, &SERIAL_PORT, &mut records).await.unwrap().count();
        assert_eq!(found, 1);
        let channel = listener.channel();
        let (accepted, opened) = join(listener.accept(), here.rfcomm_connect(at, channel)).await;
        let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
        opened.write_all(b"AT").await.unwrap();
        assert_eq!(accepted.read(&mut [0; 8]).await, Ok(2));
        for (psm, config) in [
            (0x1001, ClassicChannelConfig::ENHANCED.require_mode()),
            (0x1003, ClassicChannelConfig::STREAMING.require_mode()),
            (0x1005, ClassicChannelConfig::BASIC),
        ] {
            let (far, near) = channels(&lamp, &phone, ClassicPsm(psm), config).await;
            let (data, mut buffer) = (random(psm.into(), 600), [0; 2000]);
            let (sent, received) = join(near.send(&data), far.recv(&mut buffer)).await;
            assert_eq!((sent, received), (Ok(()), Ok(600)));
        }
    });
    let trace = scene.trace();
    for device in [lamp.id(), phone.id()].map(|id| id.index()) {
        let mut decoder = Decoder::new();
        let packets = trace.packets().into_iter().filter(|packet| packet.device == device);
        let entries: Vec<_> =
            packets.map(|p| decoder.packet(Some(p.time), p.direction, &p.octets)).collect();
        let faulty: Vec<_> = entries.iter().filter(|entry| !entry.violations.is_empty()).collect();
        assert!(faulty.is_empty(), "{faulty:#?}");
        let unanswered = decoder.finish();
        assert!(unanswered.is_empty(), "{unanswered:#?}");
        for (layer, text) in [
            (Layer::Sdp, "Service Search Attribute Request: (1101 Serial Port)"),
            (Layer::Rfcomm, "SABM DLCI 0"),
            (Layer::Rfcomm, "2 bytes 4154"),
            (Layer::L2cap, "PSM 0x1001, frame 0"),
            (Layer::L2cap, "PSM 0x1003, frame 0"),
            (Layer::L2cap, "PSM 0x1005, 600 bytes"),
            (Layer::L2cap, "enhanced retransmission (window"),
        ] {
            let found =
                entries.iter().any(|entry| entry.layer == layer && entry.summary.contains(text));
            assert!(found, "{text:?} of {layer} is not in\n{}", trace.conversation());
        }
    }
}
