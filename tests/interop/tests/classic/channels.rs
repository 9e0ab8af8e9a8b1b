//! Bytes over L2CAP channels and RFCOMM connections, each way.

use anyhow::Result;
use bindrune_interop::{ClassicPeers, ClassicVolume, classic::SERIAL_CHANNEL};
use serde_json::{Value, json};

/// A channel's number at the caller and at the called peer, and how both describe it.
struct Open {
    caller: Value,
    called: Value,
}

impl Open {
    fn l2cap(peers: &ClassicPeers, volume: ClassicVolume, mode: &str) -> Result<Self> {
        peers.called.call("listen", volume.serving(mode))?;
        let caller = peers.caller.call("open", volume.opening())?;
        let called = peers.called.call("wait_channel", json!({ "psm": volume.psm() }))?;
        for end in [&caller, &called] {
            assert_eq!((&end["mtu"], &end["peer_mtu"]), (&json!(volume.mtu), &json!(volume.mtu)));
            assert_eq!(end["enhanced"], volume.fcs.is_some());
            assert_eq!(end["fcs"], volume.fcs.unwrap_or_default());
        }
        Ok(Self { caller, called })
    }

    fn serial(peers: &ClassicPeers, volume: ClassicVolume, mode: &str) -> Result<Self> {
        peers.called.call("rfcomm_listen", volume.serving_serial(mode))?;
        let number = json!({ "server_channel": SERIAL_CHANNEL });
        let caller = peers.caller.call("rfcomm_open", number.clone())?;
        let called = peers.called.call("wait_channel", number)?;
        Ok(Self { caller, called })
    }

    /// Moves the volume as the mode says, and compares what arrived.
    fn check(&self, peers: &ClassicPeers, volume: ClassicVolume, mode: &str) -> Result<()> {
        let ClassicPeers { caller, called, .. } = peers;
        let (ours, theirs) = (&self.caller["channel"], &self.called["channel"]);
        let (sent, seen) = match mode {
            "sink" => {
                let sent = caller.call("send", volume.sending(ours))?;
                (sent, called.call("received", volume.receiving(theirs))?)
            }
            "source" => {
                let seen = caller.call("received", volume.receiving(ours))?;
                (called.call("sent", json!({ "channel": theirs }))?, seen)
            }
            _ => {
                let sending = caller.begin("send", volume.sending(ours))?;
                let seen = caller.call("received", volume.receiving(ours))?;
                (sending.wait()?, seen)
            }
        };
        assert_eq!(seen["octets"], volume.bytes(), "{volume:?}, {mode}");
        assert_eq!(sent["sha256"], volume.sha256());
        assert_eq!(seen["sha256"], volume.sha256());
        Ok(())
    }

    fn close(&self, peers: &ClassicPeers) -> Result<()> {
        peers.caller.call("close", json!({ "channel": self.caller["channel"] }))?;
        peers.called.call("wait_closed", json!({ "channel": self.called["channel"] })).map(drop)
    }
}

const MODES: [&str; 3] = ["sink", "source", "echo"];

fn amount(volume: ClassicVolume, mode: &str) -> ClassicVolume {
    if mode == "echo" { volume.eighth() } else { volume }
}

fn l2cap(test: &str, fcs: Option<bool>) -> Result<()> {
    let peers = ClassicPeers::start(test)?;
    peers.connect()?;
    for volume in ClassicVolume::all(fcs).map(ClassicVolume::short) {
        for mode in MODES {
            let volume = amount(volume, mode);
            let open = Open::l2cap(&peers, volume, mode)?;
            open.check(&peers, volume, mode)?;
            open.close(&peers)?;
            peers.called.call("stop_listening", json!({ "psm": volume.psm() }))?;
        }
    }
    peers.disconnect()?;
    peers.end()
}

#[test]
fn datagrams_arrive_in_basic_mode() -> Result<()> {
    l2cap("classic_basic", None)
}

#[test]
fn datagrams_arrive_in_enhanced_retransmission_mode_with_fcs() -> Result<()> {
    l2cap("classic_fcs", Some(true))
}

#[test]
fn datagrams_arrive_in_enhanced_retransmission_mode_without_fcs() -> Result<()> {
    l2cap("classic_no_fcs", Some(false))
}

#[test]
fn bytes_arrive_over_rfcomm() -> Result<()> {
    let peers = ClassicPeers::start("classic_serial")?;
    peers.connect()?;
    for mode in MODES {
        let volume = amount(ClassicVolume::serial(), mode);
        let open = Open::serial(&peers, volume, mode)?;
        open.check(&peers, volume, mode)?;
        open.close(&peers)?;
        let number = json!({ "server_channel": SERIAL_CHANNEL });
        peers.called.call("rfcomm_stop_listening", number)?;
    }
    peers.caller.call("rfcomm_shutdown", json!({}))?;
    peers.disconnect()?;
    peers.end()
}

#[test]
fn each_direction_has_its_own_mtu_and_an_fcs_if_one_side_requests_it() -> Result<()> {
    let peers = ClassicPeers::start("classic_asymmetric")?;
    peers.connect()?;
    let ClassicPeers { caller, called, .. } = &peers;
    let served = json!({ "psm": 0x1003, "mtu": 300, "enhanced": true, "fcs": false, "mps": 50, "window": 3 });
    called.call("listen", served)?;
    let opened =
        caller.call("open", json!({ "psm": 0x1003, "mtu": 500, "enhanced": true, "fcs": true }))?;
    assert_eq!((&opened["mtu"], &opened["peer_mtu"]), (&json!(500), &json!(300)));
    assert_eq!((&opened["peer_mps"], &opened["peer_window"]), (&json!(50), &json!(3)));
    assert_eq!(opened["fcs"], true);
    let seen = called.call("wait_channel", json!({ "psm": 0x1003 }))?;
    assert_eq!((&seen["mtu"], &seen["peer_mtu"]), (&json!(300), &json!(500)));
    assert_eq!(seen["fcs"], true);

    let amount = json!({ "channel": opened["channel"], "count": 40, "length": 300 });
    let sent = caller.call("send", amount)?;
    let arrived = called.call("received", json!({ "channel": seen["channel"], "count": 40 }))?;
    assert_eq!((&arrived["count"], &arrived["sha256"]), (&json!(40), &sent["sha256"]));
    let long = json!({ "channel": opened["channel"], "count": 1, "length": 301 });
    assert!(caller.call("send", long).is_err());

    // Nothing serves this PSM, or this server channel.
    assert!(caller.call("open", json!({ "psm": 0x1005 })).is_err());
    called.call("rfcomm_listen", json!({ "server_channel": 5 }))?;
    assert!(caller.call("rfcomm_open", json!({ "server_channel": 6 })).is_err());
    peers.disconnect()?;
    peers.end()
}

#[test]
fn lost_frames_are_sent_again() -> Result<()> {
    let peers = ClassicPeers::start("classic_lost")?;
    peers.connect()?;
    let ClassicPeers { caller, called, .. } = &peers;
    let enhanced = json!({ "psm": 0x1003, "mtu": 3000, "enhanced": true, "max_transmit": 5 });
    called.call("listen", enhanced.clone())?;
    let opened = caller.call("open", enhanced)?;
    let seen = called.call("wait_channel", json!({ "psm": 0x1003 }))?;
    for (length, frames) in [(100, 1), (3000, 2)] {
        caller.call("lose", json!({ "channel": opened["channel"], "frames": frames }))?;
        let amount = json!({ "channel": opened["channel"], "count": 20, "length": length });
        caller.call("send", amount)?;
    }
    let arrived = called.call("received", json!({ "channel": seen["channel"], "count": 40 }))?;
    assert_eq!((&arrived["count"], &arrived["octets"]), (&json!(40), &json!(62_000)));
    peers.disconnect()?;
    peers.end()
}
