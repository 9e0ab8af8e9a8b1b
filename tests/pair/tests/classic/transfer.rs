//! Data in both directions at once, with loss on the air, slow readers, several channels and several links.

use bindrune::{ClassicChannel, ClassicChannelConfig, ClassicMode, ClassicPsm, Error};
use bindrune_pair::{Device, Scene};
use embassy_futures::join::{join, join_array};

use crate::{address, channels, random, three, two};

const PSM: ClassicPsm = ClassicPsm(0x1001);
const MIB: usize = 1 << 20;

/// Sends `data` in datagrams as long as the peer takes, and waits until it has left.
async fn send_all(channel: &ClassicChannel<'_>, data: &[u8]) -> Result<(), Error> {
    for datagram in data.chunks(channel.peer_mtu().into()) {
        channel.send(datagram).await?;
    }
    channel.flush().await
}

/// Receives as many bytes as `data` has, and compares them.
async fn receive_all(channel: &ClassicChannel<'_>, data: &[u8]) -> Result<(), Error> {
    let mut buffer = vec![0; channel.mtu().into()];
    let mut rest = data;
    while !rest.is_empty() {
        let len = channel.recv(&mut buffer).await?;
        let (same, next) = rest.split_at(len);
        assert!(buffer[..len] == *same, "{} bytes before the end", rest.len());
        rest = next;
    }
    Ok(())
}

/// Transfers `len` bytes each way, at the same time.
async fn exchange(seed: u64, len: usize, a: &ClassicChannel<'_>, b: &ClassicChannel<'_>) {
    let (there, back) = (random(seed, len), random(seed + 1, len));
    let ((sent, received), (returned, answer)) = join(
        join(send_all(a, &there), receive_all(b, &there)),
        join(send_all(b, &back), receive_all(a, &back)),
    )
    .await;
    assert_eq!((sent, received, returned, answer), (Ok(()), Ok(()), Ok(()), Ok(())));
    for channel in [a, b] {
        assert_eq!(channel.lost(), bindrune::ClassicLoss::default());
    }
}

/// Transfers 1 MiB each way over a channel of this configuration, with each share of loss.
fn transfers(seed: u64, config: ClassicChannelConfig) {
    for scene in Scene::lossy(seed) {
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (there, here) = channels(&lamp, &phone, PSM, config).await;
            let start = scene.now();
            exchange(seed, MIB, &here, &there).await;
            let time = scene.now() - start;
            assert!(time.as_millis() < 60_000, "{time}");
        });
    }
}

#[test]
fn basic_with_the_smallest_mtu() {
    transfers(100, ClassicChannelConfig::BASIC.mtu(48));
}

#[test]
fn basic_with_the_default_mtu() {
    transfers(110, ClassicChannelConfig::BASIC);
}

#[test]
fn basic_with_a_large_mtu() {
    transfers(120, ClassicChannelConfig::BASIC.mtu(4096));
}

#[test]
fn basic_with_the_largest_mtu() {
    transfers(130, ClassicChannelConfig::BASIC.mtu(65_535));
}

#[test]
fn enhanced_with_check_sequences() {
    transfers(140, ClassicChannelConfig::ENHANCED.mtu(4096).require_mode());
}

#[test]
fn enhanced_without_check_sequences() {
    transfers(150, ClassicChannelConfig::ENHANCED.require_mode().check_sequence(false));
}

#[test]
fn streaming() {
    transfers(160, ClassicChannelConfig::STREAMING.mtu(1500).require_mode());
}

#[test]
fn the_mode_falls_back_to_basic_unless_it_is_required() {
    let scene = Scene::new(170);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let mut listener =
            lamp.host().classic().listen(PSM, ClassicChannelConfig::BASIC.require_mode()).unwrap();
        let classic = phone.host().classic();
        let open = |config| classic.open_channel(at, PSM, config);
        let (there, here) = join(listener.accept(), open(ClassicChannelConfig::ENHANCED)).await;
        let (there, here) = (there.unwrap(), here.unwrap());
        exchange(170, 5000, &there, &here).await;
        let refused = open(ClassicChannelConfig::ENHANCED.require_mode()).await;
        assert!(matches!(refused, Err(Error::ClassicClosed(_))), "{refused:?}");
        assert_eq!(ClassicChannelConfig::ENHANCED.mode(), ClassicMode::ENHANCED_RETRANSMISSION);
    });
}

/// Number of a datagram, in its first bytes.
fn numbered(number: u32, len: usize) -> Vec<u8> {
    let mut datagram = random(number.into(), len);
    datagram[..4].copy_from_slice(&number.to_le_bytes());
    datagram
}

#[test]
fn a_slow_reader_in_enhanced_mode_loses_nothing() {
    for scene in Scene::lossy(180) {
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let config = ClassicChannelConfig::ENHANCED.require_mode();
            let (there, here) = channels(&lamp, &phone, PSM, config).await;
            let send = async {
                for number in 0..400 {
                    here.send(&numbered(number, 600)).await.unwrap();
                }
                here.flush().await.unwrap();
            };
            let receive = async {
                let mut buffer = [0; 672];
                // Longer than the peer waits for an acknowledgement.
                scene.sleep(20_000).await;
                for number in 0..400 {
                    let len = there.recv(&mut buffer).await.unwrap();
                    assert_eq!(buffer[..len], numbered(number, 600));
                    scene.sleep(7).await;
                }
            };
            join(send, receive).await;
            assert_eq!(there.lost().received, 0);
        });
    }
}

#[test]
fn a_slow_reader_in_basic_mode_counts_what_it_lost() {
    for scene in Scene::lossy(190) {
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (there, here) = channels(&lamp, &phone, PSM, ClassicChannelConfig::BASIC).await;
            let send = async {
                for number in 0..400 {
                    here.send(&numbered(number, 600)).await.unwrap();
                }
                here.flush().await.unwrap();
            };
            let receive = async {
                let mut buffer = [0; 672];
                let (mut received, mut last) = (0, None);
                while let Some(len) = scene.within(3000, there.recv(&mut buffer)).await {
                    let number = u32::from_le_bytes(buffer[..4].try_into().unwrap());
                    assert_eq!(buffer[..len.unwrap()], numbered(number, 600));
                    assert!(last < Some(number));
                    (received, last) = (received + 1, Some(number));
                    scene.sleep(20).await;
                }
                received
            };
            let ((), received) = join(send, receive).await;
            assert!((150..400).contains(&received), "{received}");
            assert_eq!(there.lost().received, 400 - received);
            assert_eq!(here.lost(), bindrune::ClassicLoss::default());
        });
    }
}

#[test]
fn the_mtu_changes_while_data_flows() {
    for config in [ClassicChannelConfig::BASIC, ClassicChannelConfig::ENHANCED.require_mode()] {
        for scene in Scene::lossy(200) {
            let (lamp, phone) = two(&scene);
            scene.run(&[&lamp, &phone], async {
                let (there, here) = channels(&lamp, &phone, PSM, config).await;
                assert_eq!((there.mtu(), here.peer_mtu()), (672, 672));
                let data = random(200, 60_000);
                let change = async {
                    scene.sleep(20).await;
                    there.set_mtu(4096).await
                };
                let (sent, received, changed) = embassy_futures::join::join3(
                    send_all(&here, &data),
                    async {
                        let mut buffer = [0; 4096];
                        let mut rest = &data[..];
                        while !rest.is_empty() {
                            let len = there.recv(&mut buffer).await.unwrap();
                            assert!(buffer[..len] == rest[..len]);
                            rest = &rest[len..];
                        }
                    },
                    change,
                )
                .await;
                assert_eq!((sent, received, changed), (Ok(()), (), Ok(())));
                assert_eq!((there.mtu(), here.peer_mtu()), (4096, 4096));
                assert_eq!((there.peer_mtu(), here.mtu()), (672, 672));
                exchange(201, 50_000, &here, &there).await;
                let too_long = here.send(&[0; 4097]).await;
                assert_eq!(too_long, Err(Error::TooLong { max: 4096 }));
                assert_eq!(there.set_mtu(47).await, Err(Error::InvalidParameters));
            });
        }
    }
}

#[test]
fn a_datagram_may_have_any_length_up_to_the_mtu() {
    for config in [
        ClassicChannelConfig::BASIC,
        ClassicChannelConfig::ENHANCED.require_mode(),
        ClassicChannelConfig::STREAMING.require_mode(),
    ] {
        let scene = Scene::new(210);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (there, here) = channels(&lamp, &phone, PSM, config.mtu(4096)).await;
            for len in [0, 1, 2, 47, 48, 672, 1009, 1010, 1011, 1021, 2020, 4095, 4096] {
                let data = random(210, len);
                here.send(&data).await.unwrap();
                let mut buffer = [0; 4096];
                if len > 0 {
                    let small = there.recv(&mut buffer[..len - 1]).await;
                    assert_eq!(small, Err(Error::BufferTooSmall { needed: len }));
                }
                assert_eq!(there.recv(&mut buffer).await, Ok(len));
                assert_eq!(buffer[..len], data);
            }
        });
    }
}

#[test]
fn several_channels_share_a_link() {
    for scene in Scene::lossy(220) {
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let configs = [
                ClassicChannelConfig::BASIC.mtu(48),
                ClassicChannelConfig::BASIC,
                ClassicChannelConfig::BASIC.mtu(65_535),
                ClassicChannelConfig::ENHANCED.require_mode(),
                ClassicChannelConfig::ENHANCED.mtu(10_000).require_mode(),
                ClassicChannelConfig::STREAMING.require_mode(),
            ];
            let mut open = Vec::new();
            for (at, config) in (0u16..).zip(configs) {
                open.push(channels(&lamp, &phone, ClassicPsm(0x1001 + 2 * at), config).await);
            }
            let open: [_; 6] = open.try_into().unwrap();
            join_array(core::array::from_fn::<_, 6, _>(|at| {
                let (there, here) = &open[at];
                exchange(220 + at as u64, 100_000, here, there)
            }))
            .await;
        });
    }
}

#[test]
fn three_links_at_once() {
    for scene in Scene::lossy(230) {
        let devices = three(&scene);
        let hub = crate::dual(&scene, "hub");
        let all: Vec<&Device> = devices.iter().chain([&hub]).collect();
        scene.run(&all, async {
            let config = ClassicChannelConfig::ENHANCED.mtu(2000);
            let mut open = Vec::new();
            for device in &devices {
                open.push(channels(device, &hub, PSM, config).await);
            }
            let open: [_; 3] = open.try_into().unwrap();
            join_array(core::array::from_fn::<_, 3, _>(|at| {
                let (there, here) = &open[at];
                exchange(230 + at as u64, 200_000, here, there)
            }))
            .await;
        });
    }
}
