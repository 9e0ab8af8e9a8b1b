//! One flow for each path, and its latency.

use std::cell::{Cell, RefCell};

use bindrune::{Channel, Connection, Error, Psm, RemoteCharacteristic, Subscription};
use bindrune_bound::Traffic;
use embassy_time::Duration;

use super::{
    count::{Meter, count},
    lab::Lab,
    path::{Missing, Path, lacks},
    report::Measured,
};
use crate::{
    bench::{self, Facts, Numbered, command, sdu_len},
    failure::Doing as _,
};

/// Bytes before the value: the headers of L2CAP and of ATT, or of L2CAP and the length of the SDU.
const ATT_HEADERS: usize = 4 + 3;
const SDU_HEADERS: usize = 4 + 2;
/// Round trips that are timed, and the part of the time for them.
const TRIPS: usize = 100;
const SHARE: u64 = 2;
/// Fewest round trips, also if they take long.
const FEWEST: usize = 5;
const NO_CHANNEL: &str = "the device has no channel for measurements";
const NO_VALUE: &str = "the device has no value for it";

/// Opens a channel, and sends the command that says what it is for.
async fn open<'h>(lab: &Lab<'h>, facts: &Facts, command: u8) -> Result<Channel<'static>, Missing> {
    if facts.psm == Psm(0) {
        return Err(Missing::Lacks(NO_CHANNEL));
    }
    let opened = lab.connection.open_channel(facts.psm, bench::channel(bench::WINDOW)).await;
    let mut channel = lacks(opened, NO_CHANNEL)?.doing("opening the channel")?;
    lab.step("opening the channel", channel.send(&[command])).await?;
    Ok(channel)
}

/// Sends to the device.
pub(super) async fn channel_send(lab: &Lab<'_>, facts: &Facts) -> Result<Measured, Missing> {
    let times = channel_trips(lab, facts).await?;
    let mut channel = open(lab, facts, command::DROP).await?;
    let len = sdu_len(&channel);
    let meter = Meter::default();
    let flow = async {
        let mut values = Numbered::default();
        loop {
            channel.send(&values.next(len)).await?;
            meter.add(len);
        }
    };
    let counted = count(lab, "sending", &meter, flow).await?;
    lab.step("closing the channel", channel.close()).await?;
    let traffic = Traffic::Channel { window: facts.window };
    let link = lab.link(facts, true, traffic, len, SDU_HEADERS).await.doing("reading the link")?;
    Ok(Measured::new(Path::ChannelSend, &counted, times, 0, &link))
}

/// Receives from the device.
pub(super) async fn channel_receive(lab: &Lab<'_>, facts: &Facts) -> Result<Measured, Missing> {
    let times = channel_trips(lab, facts).await?;
    let mut channel = open(lab, facts, command::START).await?;
    let len = channel.mps().saturating_sub(2).min(channel.mtu());
    let (meter, lost) = (Meter::default(), Cell::new(0));
    let flow = async {
        let mut values = Numbered::default();
        let mut sdu = [0; bench::SDU as usize];
        loop {
            let len = channel.recv(&mut sdu).await?;
            let missing = values.missing(sdu.get(..len).unwrap_or_default());
            lost.set(u32::saturating_add(lost.get(), missing));
            meter.add(len);
        }
    };
    let counted = count(lab, "receiving", &meter, flow).await?;
    lab.step("closing the channel", channel.close()).await?;
    let traffic = Traffic::Channel { window: bench::WINDOW };
    let link = lab.link(facts, false, traffic, len, SDU_HEADERS).await.doing("reading the link")?;
    Ok(Measured::new(Path::ChannelReceive, &counted, times, lost.get(), &link))
}

/// Times SDUs of one byte, there and back.
async fn channel_trips(lab: &Lab<'_>, facts: &Facts) -> Result<Vec<Duration>, Missing> {
    let mut channel = open(lab, facts, command::ECHO).await?;
    let mut sdu = [0; bench::SDU as usize];
    let times = trips(lab, async || {
        channel.send(&[command::ECHO]).await?;
        channel.recv(&mut sdu).await.map(drop)
    });
    let times = times.await?;
    lab.step("closing the channel", channel.close()).await?;
    Ok(times)
}

/// Repeats a round trip on a link without other traffic.
async fn trips(
    lab: &Lab<'_>,
    mut trip: impl AsyncFnMut() -> Result<(), Error>,
) -> Result<Vec<Duration>, Missing> {
    let mut times = Vec::new();
    let begin = lab.host.now().await;
    let most = std::time::Duration::from_secs_f64(lab.seconds).as_micros();
    let most = Duration::from_micros(u64::try_from(most).unwrap_or(u64::MAX) / SHARE);
    while times.len() < TRIPS {
        let from = lab.host.now().await;
        if times.len() >= FEWEST && from.saturating_duration_since(begin) > most {
            break;
        }
        lab.step("timing a round trip", trip()).await?;
        times.push(lab.host.now().await.saturating_duration_since(from));
    }
    Ok(times)
}

/// The values of the bench service.
struct Values<'a> {
    link: &'a Connection<'static>,
    sink: RemoteCharacteristic<'static>,
    source: Subscription<'static>,
}

impl<'a> Values<'a> {
    async fn find(lab: &Lab<'a>) -> Result<Self, Missing> {
        let sink = lacks(lab.find(bench::SINK_UUID).await, NO_VALUE)?;
        let sink = sink.doing("looking for the values")?;
        let source = lacks(lab.find(bench::SOURCE_UUID).await, NO_VALUE)?;
        let source = source.doing("looking for the values")?;
        let source = lab.connection.subscribe(&source).await.doing("subscribing")?;
        Ok(Self { link: lab.connection, sink, source })
    }

    /// Writes a command; after the response everything before it has arrived.
    async fn command(&self, lab: &Lab<'_>, command: u8) -> Result<(), Missing> {
        Ok(lab.step("writing a command", self.link.write(&self.sink, &[command])).await?)
    }

    /// Times a write command, and the notification that answers it.
    async fn trips(&mut self, lab: &Lab<'_>) -> Result<Vec<Duration>, Missing> {
        let mut value = [0; bench::VALUE];
        trips(lab, async || {
            self.link.write_without_response(&self.sink, &[command::ECHO]).await?;
            self.source.next(&mut value).await.map(drop)
        })
        .await
    }

    /// Returns the number of values that have arrived at the device.
    async fn arrived(&mut self, lab: &Lab<'_>) -> Result<u32, Missing> {
        self.command(lab, command::COUNT).await?;
        let mut value = [0; bench::VALUE];
        loop {
            let len = lab.step("reading the count", self.source.next(&mut value)).await?;
            if let Some(&[command::COUNT, a, b, c, d]) = value.get(..len) {
                return Ok(u32::from_le_bytes([a, b, c, d]));
            }
        }
    }

    fn len(&self) -> Result<usize, Error> {
        Ok(self.link.mtu()?.saturating_sub(3).min(bench::VALUE))
    }
}

/// The device notifies without end.
pub(super) async fn notifications(lab: &Lab<'_>, facts: &Facts) -> Result<Measured, Missing> {
    let mut values = Values::find(lab).await?;
    let times = values.trips(lab).await?;
    let len = values.len().doing("reading the link")?;
    let (meter, lost) = (Meter::default(), Cell::new(0));
    values.command(lab, command::START).await?;
    let flow = async {
        let (mut numbers, mut value) = (Numbered::default(), [0; bench::VALUE]);
        loop {
            let len = values.source.next(&mut value).await?;
            let missing = numbers.missing(value.get(..len).unwrap_or_default());
            lost.set(u32::saturating_add(lost.get(), missing));
            meter.add(len);
        }
    };
    let counted = count(lab, "receiving notifications", &meter, flow).await?;
    // Notifications go on until the device has the command, and none may be left for the next path.
    values.command(lab, command::STOP).await?;
    values.arrived(lab).await?;
    let link = lab.link(facts, false, Traffic::Values, len, ATT_HEADERS).await;
    let link = link.doing("reading the link")?;
    Ok(Measured::new(Path::Notifications, &counted, times, lost.get(), &link))
}

/// Writes without response.
pub(super) async fn write_commands(lab: &Lab<'_>, facts: &Facts) -> Result<Measured, Missing> {
    let mut values = Values::find(lab).await?;
    let times = values.trips(lab).await?;
    let len = values.len().doing("reading the link")?;
    let before = values.arrived(lab).await?;
    let (meter, sent) = (Meter::default(), Cell::new(0u32));
    let flow = async {
        let mut numbers = Numbered::default();
        loop {
            values.link.write_without_response(&values.sink, &numbers.next(len)).await?;
            meter.add(len);
            sent.set(sent.get().wrapping_add(1));
        }
    };
    let counted = count(lab, "writing", &meter, flow).await?;
    let arrived = values.arrived(lab).await?.wrapping_sub(before);
    let lost = sent.get().saturating_sub(arrived);
    let link = lab.link(facts, true, Traffic::Values, len, ATT_HEADERS).await;
    let link = link.doing("reading the link")?;
    Ok(Measured::new(Path::WriteWithoutResponse, &counted, times, lost, &link))
}

/// Writes with response. Its latency is that of the measured writes.
pub(super) async fn writes(lab: &Lab<'_>, facts: &Facts) -> Result<Measured, Missing> {
    let sink =
        lacks(lab.find(bench::SINK_UUID).await, NO_VALUE)?.doing("looking for the values")?;
    let len = lab.connection.mtu().doing("reading the link")?.saturating_sub(3).min(bench::VALUE);
    let (meter, times) = (Meter::default(), RefCell::new(Vec::new()));
    let flow = async {
        let mut numbers = Numbered::default();
        loop {
            let from = lab.host.now().await;
            lab.connection.write(&sink, &numbers.next(len)).await?;
            let took = lab.host.now().await.saturating_duration_since(from);
            times.borrow_mut().push(took);
            meter.add(len);
        }
    };
    let counted = count(lab, "writing", &meter, flow).await?;
    let link = lab.link(facts, true, Traffic::Requests, len, ATT_HEADERS).await;
    let link = link.doing("reading the link")?;
    Ok(Measured::new(Path::Write, &counted, times.into_inner(), 0, &link))
}
