//! Bulk data over credit-based channels, for all sizes of frames and SDUs.

use bindrune::{Channel, ChannelConfig, Psm, Receiver, Sender};
use bindrune_pair::{Device, Scene};
use embassy_futures::join::{join, join4};

use crate::table::{LAMP, PHONE, hash, pattern};

const PSM: Psm = Psm(0x80);

/// Returns a window that holds a whole SDU of up to 2,048 octets, and at least eight frames.
fn config(mps: u16, sdu: usize) -> ChannelConfig {
    let frames = (sdu.min(2048) as u16 + 2).div_ceil(mps);
    ChannelConfig { mtu: Some(sdu.max(23) as u16), mps, window: frames.max(8) }
}

/// Sends SDUs of `sdu` octets, `total` octets in all, and returns the hash of the data.
async fn send(channel: &mut Sender<'_>, sdu: usize, total: usize) -> u64 {
    let (block, mut sum) = (pattern(sdu, sdu), 0);
    for _ in 0..total.div_ceil(sdu) {
        sum = hash(sum, &block);
        channel.send(&block).await.unwrap();
    }
    channel.flush().await.unwrap();
    sum
}

/// Receives the data of [`send`]: whole SDUs if the window holds them, otherwise in chunks.
async fn receive(channel: &mut Receiver<'_>, sdu: usize, total: usize) -> u64 {
    let (mut buffer, mut sum) = (vec![0; 2048], 0);
    for _ in 0..total.div_ceil(sdu) {
        if sdu <= 2048 {
            let len = channel.recv(&mut buffer).await.unwrap();
            assert_eq!(len, sdu);
            sum = hash(sum, &buffer[..len]);
            continue;
        }
        let (mut len, mut is_last) = (0, false);
        while !is_last {
            let piece = channel.next_chunk().await.unwrap();
            assert_eq!(piece.is_first(), len == 0);
            len += piece.len();
            assert_eq!(piece.left(), sdu - len);
            sum = hash(sum, &piece);
            is_last = piece.is_last();
        }
        assert_eq!(len, sdu);
    }
    sum
}

/// Opens a channel and transfers data in both directions at once.
async fn both_ways(
    scene: &Scene,
    lamp: &Device,
    phone: &Device,
    mps: u16,
    sdu: usize,
    total: usize,
) {
    let (_there, here) = scene.connect(lamp, phone).await;
    let mut listener = lamp.host().listen(PSM, config(mps, sdu)).unwrap();
    let (near, far) = join(here.open_channel(PSM, config(mps, sdu)), listener.accept()).await;
    let (near, far): (Channel<'_>, Channel<'_>) = (near.unwrap(), far.unwrap().1);
    assert_eq!(
        (near.mps(), near.peer_mps(), near.peer_mtu()),
        (mps.into(), mps.into(), sdu.max(23))
    );
    let ((mut a, mut b), (mut c, mut d)) = (near.split(), far.split());
    let (sent, back, received, returned) = join4(
        send(&mut a, sdu, total),
        send(&mut c, sdu, total),
        receive(&mut d, sdu, total),
        receive(&mut b, sdu, total),
    )
    .await;
    assert_eq!((sent, back), (received, returned), "MPS {mps}, SDU {sdu}");
}

#[test]
fn a_mebibyte_each_way() {
    for scene in Scene::lossy(91) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], both_ways(&scene, &lamp, &phone, 247, 1017, 1 << 20));
    }
}

/// 64 KiB or 500 SDUs, whichever is less.
fn every_sdu(mps: u16) {
    for sdu in [1, 23, 512, 1017, 20_000] {
        for scene in Scene::lossy(92) {
            let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
            let total = (1 << 16).min(500 * sdu);
            scene.run(&[&lamp, &phone], both_ways(&scene, &lamp, &phone, mps, sdu, total));
        }
    }
}

#[test]
fn every_sdu_at_mps_23() {
    every_sdu(23);
}

#[test]
fn every_sdu_at_mps_64() {
    every_sdu(64);
}

#[test]
fn every_sdu_at_mps_247() {
    every_sdu(247);
}

#[test]
fn the_longest_sdu_flows_through_a_window_of_two_frames() {
    for scene in Scene::lossy(93) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let config = ChannelConfig { mtu: Some(65_535), mps: 247, window: 2 };
            let mut listener = lamp.host().listen(PSM, config).unwrap();
            let (near, far) = join(here.open_channel(PSM, config), listener.accept()).await;
            let ((mut near, _), (_, mut far)) = (near.unwrap().split(), far.unwrap().1.split());
            let total = 65_535;
            let (sent, received) =
                join(send(&mut near, total, total), receive(&mut far, total, total)).await;
            assert_eq!(sent, received);
        });
    }
}

#[test]
fn a_small_controller_transfers_the_same_data() {
    use bindrune_controller::ControllerConfig;
    for scene in Scene::lossy(94) {
        let small = || ControllerConfig::new().acl_buffers(27, 3).data_length(27).phy_2m(false);
        let (lamp, phone) = (scene.device_on(small(), LAMP), scene.device_on(small(), PHONE));
        scene.run(&[&lamp, &phone], both_ways(&scene, &lamp, &phone, 247, 1017, 1 << 15));
    }
}

/// Transfers 76,800 octets in SDUs of maximum length, and returns the time in milliseconds.
fn time_of_an_image(config: ChannelConfig) -> u64 {
    let scene = Scene::new(95);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        scene.sleep(1000).await;
        let mut listener = lamp.host().listen(PSM, config).unwrap();
        let (near, far) = join(here.open_channel(PSM, config), listener.accept()).await;
        let ((_, mut near), (mut far, _)) = (near.unwrap().split(), far.unwrap().1.split());
        let begin = scene.now();
        let send = async {
            for sdu in pattern(1, 76_800).chunks(far.peer_mtu()) {
                far.send(sdu).await.unwrap();
            }
        };
        let receive = async {
            let (mut buffer, mut left) = (vec![0; 70_000], 76_800);
            while left > 0 {
                left -= near.recv(&mut buffer).await.unwrap();
            }
        };
        join(send, receive).await;
        (scene.now() - begin).as_millis()
    })
}

#[test]
fn a_default_channel_lets_a_transfer_flow() {
    for (mtu, window) in [(None, 8), (None, 16), (None, 32), (Some(512), 6), (Some(512), 8)] {
        let took = time_of_an_image(ChannelConfig { mtu, window, ..ChannelConfig::DEFAULT });
        assert!(took <= 600, "MTU {mtu:?}, window {window}: {took} ms");
    }
}
