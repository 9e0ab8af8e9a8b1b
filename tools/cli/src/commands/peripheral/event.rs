//! Events of a peripheral, for users and scripts.

use serde::Serialize;

use crate::{
    failure::Fault,
    output::Record,
    paint::{Paint, printable},
    parse::hex,
    security::Report,
};

/// An event.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Event {
    #[serde(flatten)]
    what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
}

/// The kind of an event.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum What {
    Advertising { name: String },
    Connected,
    Mtu { mtu: usize },
    Parameters { interval_ms: f64, latency: u16, timeout_ms: u32 },
    Phy { phy: String },
    Subscribed { characteristic: String, notify: bool, indicate: bool },
    Written { characteristic: String, value: String, text: Option<String> },
    Encrypted { level: &'static str, key_size: u8, bonded: bool },
    Paired(Report),
    PairingFailed { error: Fault },
    BondLost,
    Channel { mtu: usize, peer_mtu: usize },
    ChannelClosed { bytes: u64 },
    Disconnected { reason: Fault },
}

impl What {
    pub(super) fn written(characteristic: String, value: &[u8]) -> Self {
        let text = std::str::from_utf8(value).ok().map(printable);
        Self::Written { characteristic, value: hex(value), text }
    }
}

impl Event {
    /// Returns an event of this device.
    pub(super) const fn ours(what: What) -> Self {
        Self { what, peer: None }
    }

    /// Returns an event of a peer.
    pub(super) fn of(peer: &str, what: What) -> Self {
        Self { what, peer: Some(peer.to_owned()) }
    }
}

impl Record for Event {
    fn human(&self, paint: Paint) -> String {
        let text = match &self.what {
            What::Advertising { name } => format!("advertising as \"{name}\"; Ctrl-C ends"),
            What::Connected => paint.green("connected"),
            What::Mtu { mtu } => format!("MTU {mtu}"),
            What::Parameters { interval_ms, latency, timeout_ms } => {
                format!("interval {interval_ms} ms, latency {latency}, timeout {timeout_ms} ms")
            }
            What::Phy { phy } => format!("PHY {phy}"),
            What::Subscribed { characteristic, notify: false, indicate: false } => {
                format!("ended its subscription to {characteristic}")
            }
            What::Subscribed { characteristic, .. } => format!("subscribed to {characteristic}"),
            What::Written { characteristic, value, text } => {
                let text = text.as_ref().map_or_else(|| value.clone(), |t| format!("\"{t}\""));
                format!("wrote {} to {characteristic}", paint.bold(&text))
            }
            What::Encrypted { level, bonded, .. } => {
                let by = if *bonded { ", by its bond" } else { "" };
                format!("the link is {}{by}", level.replace('-', " "))
            }
            What::Paired(report) => format!("{} {}", paint.green("paired:"), report.text()),
            What::PairingFailed { error } => {
                format!("{} {}", paint.red("pairing failed:"), error.message)
            }
            What::BondLost => {
                paint.red("has a bond that this device lost; remove it there, and pair again")
            }
            What::Channel { mtu, peer_mtu } => {
                format!("opened a channel, SDUs up to {mtu} bytes in and {peer_mtu} out")
            }
            What::ChannelClosed { bytes } => format!("closed the channel after {bytes} bytes"),
            What::Disconnected { reason } => {
                format!("{}: {}", paint.red("disconnected"), reason.message)
            }
        };
        match &self.peer {
            Some(peer) => format!(" {} {text}", paint.dim(peer)),
            None => format!(" {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_their_keys() {
        let event = Event::of("C4:5E:12:00:00:10/random", What::written("UART RX".into(), b"hi"));
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"event":"written","characteristic":"UART RX","value":"6869","text":"hi","peer":"C4:5E:12:00:00:10/random"}"#
        );
        assert_eq!(
            serde_json::to_string(&Event::ours(What::Connected)).unwrap(),
            r#"{"event":"connected"}"#
        );
        assert_eq!(
            event.human(Paint::new(false)),
            " C4:5E:12:00:00:10/random wrote \"hi\" to UART RX"
        );
    }
}
