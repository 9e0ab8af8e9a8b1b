//! Events and states of links, for users and scripts.

use bindrune::{CurrentParameters, Status};
use serde::Serialize;

use crate::{
    failure::Fault,
    output::Record,
    paint::{Paint, printable},
    parse::hex,
    render::signal_bar,
    security::Report,
};

/// An event.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Event {
    #[serde(flatten)]
    what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
}

/// The kind of an event.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum What {
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
    ChannelSent { value: String, text: Option<String> },
    ChannelReceived { value: String, text: Option<String> },
    Rssi { rssi: i8 },
    SecurityRequested,
    ServicesChanged { start: u16, end: u16 },
}

impl What {
    pub(crate) fn parameters(now: CurrentParameters) -> Self {
        Self::Parameters {
            interval_ms: f64::from(now.interval) * 1.25,
            latency: now.latency,
            timeout_ms: u32::from(now.timeout).saturating_mul(10),
        }
    }

    pub(crate) fn disconnected(reason: Status) -> Self {
        Self::Disconnected { reason: Fault::new("disconnected", Some(reason.0), reason) }
    }

    pub(crate) fn written(characteristic: String, value: &[u8]) -> Self {
        Self::Written { characteristic, value: hex(value), text: text_of(value) }
    }

    pub(crate) fn channel_sent(value: &[u8]) -> Self {
        Self::ChannelSent { value: hex(value), text: text_of(value) }
    }

    pub(crate) fn channel_received(value: &[u8]) -> Self {
        Self::ChannelReceived { value: hex(value), text: text_of(value) }
    }
}

impl Event {
    /// Returns an event of this device.
    pub(crate) const fn ours(what: What) -> Self {
        Self { what, peer: None }
    }

    /// Returns an event of a peer.
    pub(crate) fn of(peer: &str, what: What) -> Self {
        Self { what, peer: Some(peer.to_owned()) }
    }
}

fn text_of(value: &[u8]) -> Option<String> {
    std::str::from_utf8(value).ok().map(printable)
}

/// Returns a value for users: in quotes if it is text.
fn shown(value: &str, text: Option<&String>) -> String {
    text.map_or_else(|| value.to_owned(), |text| format!("\"{text}\""))
}

impl Record for Event {
    fn human(&self, paint: Paint) -> String {
        let text = match &self.what {
            What::Advertising { name } => {
                format!("advertising as \"{}\"; Ctrl-C ends", printable(name))
            }
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
                format!("wrote {} to {characteristic}", paint.bold(&shown(value, text.as_ref())))
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
                format!("channel open, SDUs up to {mtu} bytes in and {peer_mtu} out")
            }
            What::ChannelClosed { bytes } => format!("channel closed after {bytes} bytes"),
            What::Disconnected { reason } => {
                format!("{}: {}", paint.red("disconnected"), reason.message)
            }
            What::ChannelSent { value, text } => {
                format!("was sent {}", paint.bold(&shown(value, text.as_ref())))
            }
            What::ChannelReceived { value, text } => {
                format!("sent {}", paint.bold(&shown(value, text.as_ref())))
            }
            What::Rssi { rssi } => format!("RSSI {rssi} dBm  {}", signal_bar(*rssi)),
            What::SecurityRequested => "asks for an encrypted link".to_owned(),
            What::ServicesChanged { start, end } => {
                format!("changed its services, handles {start:04x} to {end:04x}")
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
