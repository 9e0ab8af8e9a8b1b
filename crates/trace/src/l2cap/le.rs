//! Commands of LE links. [Vol 3] Part A, 4.20 to 4.28

use bindrune_l2cap::{
    ConnectionResult,
    signal::pdu::{Code, Command, ConnectionRequest, ConnectionResponse, Credits, Parameters},
};
use bindrune_wire::{Malformed, Reader};

use super::{
    Channels,
    channel::{Grant, Requested},
    signalling::{RawCommand, malformed, name, reject},
};
use crate::{entry::Entry, question::Unanswered, words};

/// Most channels of one Credit Based Connection Request.
const MAX_CIDS: usize = 5;

/// Decodes one command.
pub(super) fn command(
    channels: &mut Channels,
    gone: &mut Unanswered,
    entry: &mut Entry,
    raw: RawCommand<'_>,
) {
    let RawCommand { code, identifier, data } = raw;
    let is_enhanced = matches!(
        code,
        Code::ENHANCED_CONNECTION_REQUEST
            | Code::ENHANCED_CONNECTION_RESPONSE
            | Code::RECONFIGURE_REQUEST
            | Code::RECONFIGURE_RESPONSE
    );
    if is_enhanced {
        if enhanced(channels, entry, raw).is_err() {
            malformed(entry, raw);
        }
        return;
    }
    let Some(command) = parse(code, data) else { return malformed(entry, raw) };
    match command {
        Command::Reject(reason) => reject(entry, reason),
        Command::DisconnectionRequest(cids) => {
            channels.closing(entry, (cids.dcid.get(), cids.scid.get()))
        }
        Command::DisconnectionResponse(cids) => {
            channels.close(entry, gone, (cids.dcid.get(), cids.scid.get()))
        }
        Command::ParameterRequest(parameters) => parameter_request(entry, &parameters),
        Command::ParameterResponse(result) => {
            entry.put("result", result);
            entry.say(": ", if result == 0 { "accepted" } else { "refused" });
            if result > 1 {
                entry.violate("Vol 3, Part A, 4.21", format!("result {result} is reserved"));
            }
        }
        Command::ConnectionRequest(request) => {
            connection_request(channels, entry, identifier, request)
        }
        Command::ConnectionResponse(response) => {
            connection_response(channels, entry, identifier, response)
        }
        Command::Credits(credits) => granted(channels, entry, credits),
    }
}

fn parameter_request(entry: &mut Entry, parameters: &Parameters) {
    let interval = |units: u16| f64::from(units) * 1.25;
    let (min, max) = (parameters.interval_min.get(), parameters.interval_max.get());
    entry.put("interval_min", min);
    entry.put("interval_max", max);
    entry.put("latency", parameters.latency.get());
    entry.put("timeout", parameters.timeout.get());
    let latency = parameters.latency.get();
    entry.say(": ", &format!("{} to {} ms, latency {latency}", interval(min), interval(max)));
    if !parameters.is_valid() {
        entry.violate("Vol 3, Part A, 4.20", "the parameters are outside their ranges");
    }
}

/// Parses a command; one that is longer than 23 octets is wrong only for a device that takes no more.
fn parse(code: Code, data: &[u8]) -> Option<Command> {
    let [low, high] = u16::try_from(data.len()).ok()?.to_le_bytes();
    let whole: Vec<_> = [code.0, 1, low, high].into_iter().chain(data.iter().copied()).collect();
    Command::parse(&whole).ok().map(|(_, command)| command)
}

fn connection_request(
    channels: &mut Channels,
    entry: &mut Entry,
    identifier: u8,
    request: ConnectionRequest,
) {
    let grant =
        Grant { mtu: request.mtu.get(), mps: request.mps.get(), credits: request.credits.get() };
    let (psm, scid) = (request.psm.get(), request.scid.get());
    entry.put("psm", psm);
    entry.put("source_cid", scid);
    grant.describe(entry);
    entry.summary = format!(
        "{}: PSM 0x{psm:04x}, CID 0x{scid:04x}, {grant}",
        name(Code::CREDIT_CONNECTION_REQUEST)
    );
    grant.check(entry, 23);
    channels.request(entry.direction, identifier, Requested { psm, cids: vec![scid], grant });
}

fn connection_response(
    channels: &mut Channels,
    entry: &mut Entry,
    identifier: u8,
    response: ConnectionResponse,
) {
    let grant =
        Grant { mtu: response.mtu.get(), mps: response.mps.get(), credits: response.credits.get() };
    let (dcid, result) = (response.dcid.get(), ConnectionResult(response.result.get()));
    entry.put("destination_cid", dcid);
    grant.describe(entry);
    result_of(entry, result);
    if result == ConnectionResult::SUCCESS {
        entry.say(", ", &format!("CID 0x{dcid:04x}, {grant}"));
        grant.check(entry, 23);
        channels.accepted(entry, identifier, &[dcid], grant);
    }
}

fn result_of(entry: &mut Entry, result: ConnectionResult) {
    entry.put("result", format!("{result:?}"));
    entry.say(
        ": ",
        &result.name().map_or_else(|| format!("result 0x{:04x}", result.0), words::lower),
    );
    if result.name().is_none() && result.0 > 0x000f {
        entry.violate("Vol 3, Part A, 4.23", format!("result 0x{:04x} is reserved", result.0));
    }
}

fn granted(channels: &mut Channels, entry: &mut Entry, credits: Credits) {
    let (cid, count) = (credits.cid.get(), credits.credits.get());
    entry.put("cid", cid);
    entry.put("credits", count);
    entry.say(": ", &format!("CID 0x{cid:04x}, {}", words::plural(count.into(), "credit")));
    if count == 0 {
        entry.violate("Vol 3, Part A, 4.24", "a grant has at least one credit");
    }
    channels.grant(entry, cid, count);
}

/// Commands of Enhanced Credit Based Flow Control, which the L2CAP crate refuses. [Vol 3] Part A, 4.25 to 4.28
fn enhanced(
    channels: &mut Channels,
    entry: &mut Entry,
    raw: RawCommand<'_>,
) -> Result<(), Malformed> {
    let mut r = Reader::new(raw.data);
    if raw.code == Code::ENHANCED_CONNECTION_REQUEST {
        let psm = r.u16()?;
        let grant = Grant { mtu: r.u16()?, mps: r.u16()?, credits: r.u16()? };
        let cids = cids(entry, r)?;
        entry.put("psm", psm);
        grant.describe(entry);
        entry.say(": ", &format!("PSM 0x{psm:04x}, {}, {grant}", list(&cids)));
        grant.check(entry, 64);
        channels.request(entry.direction, raw.identifier, Requested { psm, cids, grant });
    } else if raw.code == Code::ENHANCED_CONNECTION_RESPONSE {
        let grant = Grant { mtu: r.u16()?, mps: r.u16()?, credits: r.u16()? };
        let result = ConnectionResult(r.u16()?);
        let cids = cids(entry, r)?;
        grant.describe(entry);
        result_of(entry, result);
        entry.say(", ", &list(&cids));
        channels.accepted(entry, raw.identifier, &cids, grant);
    } else if raw.code == Code::RECONFIGURE_REQUEST {
        let (mtu, mps) = (r.u16()?, r.u16()?);
        entry.put("mtu", mtu);
        entry.put("mps", mps);
        let cids = cids(entry, r)?;
        entry.say(": ", &format!("{}, MTU {mtu}, MPS {mps}", list(&cids)));
        channels.reconfigure(entry.direction, &cids, (mtu, mps));
    } else {
        let result = r.u16()?;
        r.finish()?;
        entry.put("result", result);
        entry.say(": ", if result == 0 { "success" } else { "refused" });
    }
    Ok(())
}

fn cids(entry: &mut Entry, mut r: Reader<'_>) -> Result<Vec<u16>, Malformed> {
    let mut cids = Vec::new();
    while !r.is_empty() {
        cids.push(r.u16()?);
    }
    if cids.is_empty() || cids.len() > MAX_CIDS {
        entry.violate(
            "Vol 3, Part A, 4.25",
            format!("{} instead of 1 to 5", words::plural(cids.len(), "CID")),
        );
    }
    entry.put("cids", crate::entry::Value::List(cids.iter().map(|&cid| cid.into()).collect()));
    Ok(cids)
}

fn list(cids: &[u16]) -> String {
    let cids: Vec<_> = cids.iter().take(MAX_CIDS).map(|cid| format!("0x{cid:04x}")).collect();
    format!("CID {}", cids.join(" "))
}
