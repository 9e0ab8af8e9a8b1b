//! Commands of BR/EDR links. [Vol 3] Part A, 4.1 to 4.11

use bindrune_l2cap::{
    Cid,
    classic::{
        ConnectionResult, Features,
        pdu::{
            Command, ConfigurationResult, ConnectionResponse, InformationKind, Mode, Options,
            Rejected,
        },
    },
};

use super::{
    Channels,
    channel::{Grant, Requested, psm_name},
    signalling::{RawCommand, malformed, reject},
};
use crate::{entry::Entry, question::Unanswered, words};

/// Decodes one command. Returns whether it is an answer that another answer will follow.
pub(super) fn command(
    channels: &mut Channels,
    gone: &mut Unanswered,
    entry: &mut Entry,
    raw: RawCommand<'_>,
) -> bool {
    let Some(command) = Command::parse(raw.code, raw.data) else {
        // Commands of credit-based channels are the same on both kinds of links.
        super::le::command(channels, gone, entry, raw);
        return false;
    };
    match command {
        Command::Reject(reason) => reject(entry, reason),
        Command::ConnectionRequest { psm, scid } => {
            connecting(channels, entry, raw.identifier, (psm, scid));
        }
        Command::ConnectionResponse(response) => {
            connected(channels, entry, raw.identifier, response);
            return response.result == ConnectionResult::PENDING;
        }
        Command::ConfigurationRequest { dcid, flags, options } => {
            entry.put("destination_cid", dcid.0);
            entry.put("flags", flags);
            entry.say(": ", &format!("CID 0x{:04x}", dcid.0));
            let options = describe(entry, options);
            channels.configure(entry, dcid.0, options);
        }
        Command::ConfigurationResponse { scid, flags, result, options } => {
            configured(channels, entry, (scid, flags, result), options);
            return result == ConfigurationResult::PENDING;
        }
        Command::DisconnectionRequest(cids) => {
            channels.closing(entry, (cids.dcid.get(), cids.scid.get()))
        }
        Command::DisconnectionResponse(cids) => {
            channels.close(entry, gone, (cids.dcid.get(), cids.scid.get()))
        }
        Command::EchoRequest(data) | Command::EchoResponse(data) => {
            entry.put("data", data);
            entry.say(": ", &words::value(data));
        }
        Command::InformationRequest(kind) => information(entry, kind),
        Command::InformationResponse { kind, result, data } => {
            information(entry, kind);
            entry.put("result", format!("{result:?}"));
            entry.put("data", data);
            answer(entry, kind, result.name(), data);
        }
    }
    if raw.code.name().is_none() {
        malformed(entry, raw);
    }
    false
}

fn connecting(channels: &mut Channels, entry: &mut Entry, identifier: u8, (psm, scid): (u16, Cid)) {
    entry.put("psm", psm);
    entry.put("source_cid", scid.0);
    entry.say(": ", &format!("PSM 0x{psm:04x}{}, CID 0x{:04x}", psm_name(psm), scid.0));
    if !bindrune_l2cap::classic::Psm(psm).is_valid() {
        entry.violate("Vol 3, Part A, 4.2", format!("0x{psm:04x} is no PSM"));
    }
    let request = Requested { psm, cids: vec![scid.0], grant: Grant::default() };
    channels.request(entry.direction, identifier, request);
}

fn configured(
    channels: &mut Channels,
    entry: &mut Entry,
    (scid, flags, result): (Cid, u16, ConfigurationResult),
    options: &[u8],
) {
    entry.put("source_cid", scid.0);
    entry.put("flags", flags);
    entry.put("result", format!("{result:?}"));
    entry.say(": ", &named(result.name(), result.0));
    describe(entry, options);
    if result == ConfigurationResult::SUCCESS {
        channels.configured(entry.direction, scid.0);
    }
}

fn connected(
    channels: &mut Channels,
    entry: &mut Entry,
    identifier: u8,
    response: ConnectionResponse,
) {
    let ConnectionResponse { dcid, scid, result, status } = response;
    entry.put("destination_cid", dcid.0);
    entry.put("source_cid", scid.0);
    entry.put("result", format!("{result:?}"));
    entry.put("status", format!("{status:?}"));
    entry.say(": ", &named(result.name(), result.0));
    entry.say(", ", &format!("CID 0x{:04x}", dcid.0));
    if result == ConnectionResult::SUCCESS {
        channels.connected(entry, identifier, dcid.0);
    }
}

fn named(name: Option<&str>, number: u16) -> String {
    name.map_or_else(|| format!("result 0x{number:04x}"), words::lower)
}

fn information(entry: &mut Entry, kind: InformationKind) {
    entry.put("information", format!("{kind:?}"));
    entry.say(": ", &named(kind.name(), kind.0));
}

fn answer(entry: &mut Entry, kind: InformationKind, result: Option<&str>, data: &[u8]) {
    if result != Some("SUCCESS") {
        entry.say(", ", &result.map_or_else(|| "reserved result".into(), words::lower));
        return;
    }
    if kind == InformationKind::EXTENDED_FEATURES
        && let Ok(octets) = data.try_into()
    {
        let features = Features(u32::from_le_bytes(octets));
        let known = [
            (Features::ENHANCED_RETRANSMISSION, "Enhanced Retransmission"),
            (Features::STREAMING, "Streaming"),
            (Features::FCS, "FCS option"),
            (Features::FIXED_CHANNELS, "fixed channels"),
        ];
        let names: Vec<_> = known
            .iter()
            .filter(|(feature, _)| features.contains(*feature))
            .map(|(_, name)| *name)
            .collect();
        entry.say(", ", &names.join(", "));
    } else {
        entry.say(", ", &words::hex(data.get(..8).unwrap_or(data)));
    }
}

/// Adds the options of a configuration.
fn describe(entry: &mut Entry, octets: &[u8]) -> Options {
    let mut options = Options::default();
    if options.read(octets, &mut Rejected::NONE.clone()).is_err() {
        entry.put("options", octets);
        entry.violate("Vol 3, Part A, 5", "an option has the wrong length");
        return options;
    }
    if let Some(mtu) = options.mtu {
        entry.put("mtu", mtu);
        entry.say(", ", &format!("MTU {mtu}"));
        if mtu < bindrune_l2cap::classic::MIN_MTU {
            entry.violate("Vol 3, Part A, 5.1", format!("an MTU of {mtu} is below 48"));
        }
    }
    if let Some(mode) = &options.retransmission {
        entry.put("mode", format!("{:?}", mode.mode));
        entry.put("window", mode.tx_window);
        entry.put("mps", mode.mps.get());
        let name = mode.mode.name().map_or_else(|| format!("mode {}", mode.mode.0), words::lower);
        entry.say(", ", &name);
        if mode.mode.name().is_none() {
            entry.violate("Vol 3, Part A, 5.4", format!("mode {} is reserved", mode.mode.0));
        } else if mode.mode != Mode::BASIC {
            entry.say(" ", &format!("(window {}, MPS {})", mode.tx_window, mode.mps));
        }
    }
    if let Some(fcs) = options.fcs {
        entry.put("fcs", fcs);
        entry.say(", ", if fcs == 0 { "no FCS" } else { "FCS" });
    }
    if let Some(timeout) = options.flush_timeout {
        entry.put("flush_timeout", timeout);
    }
    options
}
