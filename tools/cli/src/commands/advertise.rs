//! `advertise`: advertises the data of the command line.

use bindrune::{Advertisement, Discoverable, Error, ExtendedPdus, Host, Phy};
use embassy_time::Duration;
use serde::Serialize;

use crate::{
    bonds::Keep,
    cli::{self, Globals},
    failure::{Doing as _, Failure, Fault},
    output::{Output, Record},
    paint::Paint,
    parse::{Value, hex},
    session::{self, Setup},
    shown,
};

/// Bytes of data that one set can have: what fits into one advertisement of extended advertising.
const DATA: usize = 251;
/// Longest AD structures that may be given.
const MOST: usize = 240;

/// An event of the advertising.
#[derive(Clone, Debug, Serialize)]
struct Event {
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Fault>,
}

impl Event {
    const fn new(event: &'static str) -> Self {
        Self { event, address: None, peer: None, reason: None }
    }
}

impl Record for Event {
    fn human(&self, paint: Paint) -> String {
        match self {
            Self { address: Some(address), .. } => {
                format!(" {} as {address}; Ctrl-C ends", paint.green(self.event))
            }
            Self { peer: Some(peer), reason: Some(reason), .. } => {
                format!(" {} {peer}: {}", paint.red(self.event), reason.message)
            }
            Self { peer, .. } => {
                format!(" {} {}", paint.green(self.event), peer.as_deref().unwrap_or_default())
            }
        }
    }
}

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    options: cli::Advertise,
) -> Result<(), Failure> {
    let data = options.data.as_ref().map(|Value(octets)| octets.as_slice());
    check(data.unwrap_or_default())?;
    let config = session::config("bindrune").advertising_bytes(DATA);
    let setup = Setup { config, keep: Keep::Nothing, endless: true, ..Setup::central() };
    session::run(globals, setup, async |host| {
        let advertisement = advertisement(&options, data);
        shown::note(out, &advertisement, options.name.as_deref().unwrap_or_default(), DATA);
        let address = host.controller().await.doing("reading the controller")?.address;
        let address = Some(format!("{address:?}"));
        let advertising = Event { address, ..Event::new("advertising") };
        if options.non_connectable {
            let mut broadcast = host.broadcast(&advertisement).map_err(explained)?;
            // The controller may refuse it at once.
            let refused = tokio::time::timeout(SETTLE, broadcast.ended()).await;
            if let Ok(error) = refused {
                return Err(explained(error));
            }
            out.record(&advertising)?;
            return Err(explained(broadcast.ended().await));
        }
        connections(host, out, &advertisement, &advertising).await
    })
    .await
}

/// Time in which a controller refuses an advertisement that it cannot send.
const SETTLE: std::time::Duration = std::time::Duration::from_millis(200);

/// Advertises; while a peer is connected, advertises to the others.
async fn connections(
    host: &'static Host,
    out: Output,
    advertisement: &Advertisement<'_>,
    advertising: &Event,
) -> Result<(), Failure> {
    let mut guests = tokio::task::JoinSet::new();
    let mut said = false;
    loop {
        let arrival = host.advertise(advertisement);
        let connection = if said {
            arrival.await
        } else {
            let mut arrival = std::pin::pin!(arrival);
            if let Ok(early) = tokio::time::timeout(SETTLE, &mut arrival).await {
                early
            } else {
                out.record(advertising)?;
                said = true;
                arrival.await
            }
        };
        let connection = connection.map_err(explained)?;
        let peer = connection.peer().ok().map(|peer| format!("{peer:?}"));
        out.record(&Event { peer: peer.clone(), ..Event::new("connected") })?;
        guests.spawn_local(async move {
            let reason = connection.disconnected().await;
            let reason = Some(Fault::new("disconnected", Some(reason.0), reason));
            out.record(&Event { peer, reason, ..Event::new("disconnected") })
        });
        while let Some(left) = guests.try_join_next() {
            left.unwrap_or(Ok(()))?;
        }
    }
}

fn explained(error: Error) -> Failure {
    let failure = Err::<(), _>(error).doing("advertising").err();
    let failure = failure.unwrap_or_else(|| Failure::failed("advertising ended"));
    #[expect(clippy::wildcard_enum_match_arm, reason = "few errors call for advice")]
    match error {
        Error::TooLong { .. } => failure.advise("--extended makes room for more data."),
        Error::Controller(_) => failure.advise(
            "`bindrune info` shows whether the controller has extended advertising and the Coded PHY.",
        ),
        _ => failure,
    }
}

fn advertisement<'o>(options: &'o cli::Advertise, data: Option<&'o [u8]>) -> Advertisement<'o> {
    let mut advertisement = if options.non_connectable {
        Advertisement::non_connectable()
    } else {
        Advertisement::connectable()
    };
    advertisement = advertisement.services(&options.uuid);
    advertisement = match &options.name {
        Some(name) => advertisement.name(name),
        None => advertisement.without_name(),
    };
    if let Some((company, octets)) = &options.company {
        advertisement = advertisement.manufacturer(*company, octets);
    }
    if let Some(octets) = data {
        // Flags of the user replace ours.
        if structures(octets).any(|structure| structure.first() == Some(&FLAGS)) {
            advertisement = advertisement.discoverable(Discoverable::No);
        }
        advertisement = advertisement.data(octets);
    }
    if let Some(milliseconds) = options.interval {
        let interval = Duration::from_millis(milliseconds);
        advertisement = advertisement.interval(interval, interval);
    }
    if options.extended || options.coded {
        let phy = if options.coded { Phy::CODED } else { Phy::LE_1M };
        advertisement = advertisement.extended_with(ExtendedPdus {
            primary: phy,
            secondary: phy,
            sid: 0,
            tx_power: None,
            anonymous: false,
            include_tx_power: false,
        });
    }
    advertisement
}

/// AD type of the flags. Assigned Numbers, 2.3
const FLAGS: u8 = 0x01;

/// Returns the type and the data of each AD structure. [Vol 3] Part C, 11
fn structures(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let (&len, after) = rest.split_first()?;
        let (structure, after) = after.split_at_checked(len.into())?;
        rest = after;
        Some(structure)
    })
}

/// Checks that the data consists of whole AD structures.
fn check(octets: &[u8]) -> Result<(), Failure> {
    if octets.len() > MOST {
        return Err(Failure::usage(format!(
            "--data has {} bytes; at most {MOST} are possible",
            octets.len()
        )));
    }
    let taken: usize = structures(octets).map(|structure| structure.len().saturating_add(1)).sum();
    let empty = structures(octets).any(<[u8]>::is_empty);
    if taken == octets.len() && !empty {
        return Ok(());
    }
    Err(Failure::usage(format!("--data {} does not consist of AD structures", hex(octets))).advise(
        "Each begins with its length, which counts the type and the data, and its type: 020106 are the usual flags.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_consists_of_structures() {
        assert!(check(&[]).is_ok() && check(&[2, 1, 6, 3, 3, 0x0f, 0x18]).is_ok());
        for wrong in [&[2, 1][..], &[0, 0], &[3, 1, 6], &[2, 1, 6, 9]] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }
}
