//! Data per second of virtual time, as a share of what the packets of the air allow.

use bindrune::{ClassicChannelConfig, ClassicConfig, ClassicPsm, Config};
use bindrune_controller::ClassicConfig as Air;
use bindrune_pair::Scene;
use embassy_futures::join::join;

use crate::{channels, random};

const PSM: ClassicPsm = ClassicPsm(0x1017);
const SECONDS: u64 = 4;

/// A packet of five slots and the slot of its acknowledgement take 6 × 625 µs = 3.75 ms. [Vol 2] Part B, 6.5.4
///
/// - 3-DH5: 1,021 bytes, of which L2CAP has 4. 1,017 bytes in 3.75 ms are 2,169.6 kbit/s.
/// - DH5: 339 bytes. A datagram of 1,013 bytes has three of them: 1,013 bytes in 11.25 ms are 720.4 kbit/s.
/// - In Enhanced Retransmission mode 8 bytes of each frame are headers and check sequence: 1,013 bytes in 3.75 ms are
///   2,161.1 kbit/s, without acknowledgements.
#[test]
fn a_channel_uses_the_air() {
    let enhanced = ClassicChannelConfig::ENHANCED.require_mode();
    for (edr, config, len, bound, least) in [
        (true, ClassicChannelConfig::BASIC, 1017, 2169.6, 98.0),
        (false, ClassicChannelConfig::BASIC, 1013, 720.4, 98.0),
        (true, enhanced, 1010, 2161.1, 98.0),
    ] {
        let scene = Scene::new(870);
        let device = |name| {
            let air = Air::new().enhanced_data_rate(edr);
            scene.dual_on(air, Config::new(name), ClassicConfig::new())
        };
        let (lamp, phone) = (device("lamp"), device("phone"));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = channels(&lamp, &phone, PSM, config.mtu(len)).await;
            let data = random(870, len.into());
            let mut bytes = 0;
            let send = async {
                loop {
                    here.send(&data).await.unwrap();
                }
            };
            let receive = async {
                let mut buffer = [0; 1024];
                loop {
                    bytes += there.recv(&mut buffer).await.unwrap();
                }
            };
            scene.within(SECONDS * 1000, join(send, receive)).await;
            let rate = (bytes * 8) as f64 / (SECONDS * 1000) as f64;
            let share = rate * 100.0 / bound;
            println!("{rate:.1} kbit/s of {bound}, {share:.1} %");
            assert!(share >= least && share <= 100.5, "{rate:.1} kbit/s of {bound}: {share:.1} %");
        });
    }
}
