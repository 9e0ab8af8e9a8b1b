//! LE and BR/EDR of our host at once: it notifies and answers a Bumble central, and streams both ways with a Bumble
//! host on BR/EDR. Neither waits for the other.
//!
//! Links move so rarely that the air limits each flow, not the processors that both flows share. As the machine also
//! does other work, short measurements of each alone and of both together alternate, and their sums are compared.

use anyhow::{Context, Result, ensure};
use bindrune::{
    Advertisement, ClassicChannel, ClassicChannelConfig, ClassicPsm, Config, Connection,
};
use bindrune_interop::classic::{BASIC_PSM, ENHANCED_PSM, SEED};
use bindrune_interop::services::{NOTIFY, SERVICES, uuid};
use bindrune_interop::{
    Air, Central, Classic as Bumble, Deadline, Node, Pattern, Scratch, Stopwatch, Tally, block_on,
    numbered, numbered_sha256, sha256, soon,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;

use crate::own_world::{NAME, World, settings};

/// Time of each measurement, and how often each is repeated.
const TIME: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;
/// Each flow keeps at least half of what it has alone.
const SHARE: u64 = 2;
/// The longest time between two arrivals, and for an answer.
const SILENCE: Duration = Duration::from_secs(2);
/// Time between two moves of a link, in milliseconds.
const TICK: u32 = 20;
/// Bytes of a notification, and of a datagram.
const VALUE: usize = 200;
const DATAGRAM: usize = 1000;

struct Share {
    phone: Central,
    world: World,
}

/// What arrived in one measurement.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    notifications: u64,
    reads: u64,
    bytes_out: u64,
    bytes_in: u64,
    longest: Duration,
}

impl Measured {
    fn flows(&self) -> [(&'static str, u64); 4] {
        [
            ("notifications", self.notifications),
            ("reads", self.reads),
            ("bytes out", self.bytes_out),
            ("bytes in", self.bytes_in),
        ]
    }

    fn add(&mut self, other: Self) {
        self.notifications += other.notifications;
        self.reads += other.reads;
        self.bytes_out += other.bytes_out;
        self.bytes_in += other.bytes_in;
        self.silent(other.longest);
    }

    fn silent(&mut self, time: Duration) {
        self.longest = self.longest.max(time);
    }
}

fn count(answer: &Value, field: &str) -> Result<u64> {
    answer[field].as_u64().with_context(|| format!("{field} of {answer}"))
}

fn silence(answer: &Value) -> Result<Duration> {
    let seconds = answer["silence"].as_f64().with_context(|| format!("silence of {answer}"))?;
    Ok(Duration::from_secs_f64(seconds))
}

impl Share {
    fn start(test: &str) -> Result<Self> {
        let air = Air::start_slow(&Scratch::new(test)?, TICK)?;
        let bumble = Bumble::start(&air, "speaker")?;
        bumble.call("discoverable", json!({}))?;
        let phone = Central::start(&air, "phone")?;
        let config = Config::new(NAME).services(SERVICES);
        let node = Node::start_classic(&air, (config, settings()), "own", None)?;
        Ok(Self { phone, world: World { node, bumble, air } })
    }

    /// Links the phone, which then knows our services.
    async fn link(&self) -> Result<Connection<'static>> {
        let address = self.world.address().await?;
        let arguments = json!({ "address": address, "address_type": "public", "mtu": 247 });
        let advertisement = Advertisement::connectable();
        let host = self.world.node.host();
        let advertise = async { Ok(soon(host.advertise(&advertisement)).await??) };
        let (link, _) = tokio::try_join!(advertise, self.phone.ask("connect", arguments))?;
        self.phone.ask("discover", json!({})).await?;
        Ok(link)
    }

    /// Notifies without pause while the phone reads without pause.
    async fn serve(&self, link: &Connection<'static>) -> Result<Measured> {
        let notifying = json!({ "characteristic": uuid::NOTIFY.to_string() });
        self.phone.ask("subscribe", notifying.clone()).await?;
        let (sent, seen) = tokio::try_join!(self.notify(link), self.read())?;
        let mut measured = seen;
        measured.notifications = sent.1;
        let all = json!({ "characteristic": uuid::NOTIFY.to_string(), "count": sent.0 });
        let arrived = self.phone.ask("updates", all).await?;
        assert_eq!(arrived["in_order"], sent.0);
        assert_eq!(arrived["sha256"], numbered_sha256(sent.0, VALUE));
        measured.silent(silence(&arrived)?);
        self.phone.ask("unsubscribe", notifying).await?;
        Ok(measured)
    }

    /// Returns how many were sent, and how many had arrived when the time was over.
    async fn notify(&self, link: &Connection<'static>) -> Result<(u32, u64)> {
        let (end, mut sent) = (Deadline::after(TIME), 0);
        while !end.left().is_zero() {
            soon(link.notify(&NOTIFY, &numbered(sent, VALUE))).await??;
            sent += 1;
        }
        let now = json!({ "characteristic": uuid::NOTIFY.to_string(), "count": 0 });
        Ok((sent, count(&self.phone.ask("updates", now).await?, "count")?))
    }

    async fn read(&self) -> Result<Measured> {
        let (end, mut measured) = (Deadline::after(TIME), Measured::default());
        let attribute = json!({ "attribute": uuid::VALUE_4.to_string(), "long": false });
        while !end.left().is_zero() {
            let stopwatch = Stopwatch::start();
            let read = self.phone.ask("read", attribute.clone()).await?;
            assert_eq!(read["value"], "01020304");
            measured.silent(stopwatch.elapsed());
            measured.reads += 1;
        }
        Ok(measured)
    }

    /// Streams both ways without pause over a new channel.
    async fn stream(&self, enhanced: bool) -> Result<Measured> {
        let psm = if enhanced { ENHANCED_PSM } else { BASIC_PSM };
        let mode = if enhanced {
            ClassicChannelConfig::ENHANCED.require_mode()
        } else {
            ClassicChannelConfig::BASIC
        };
        let config = mode.mtu(u16::try_from(DATAGRAM)?);
        let served = json!({ "psm": psm, "mtu": DATAGRAM, "enhanced": enhanced, "mode": "sink" });
        self.world.ask("listen", served).await?;
        let at = self.world.bumble.public_address()?;
        let channel = soon(self.world.own().open_channel(at, ClassicPsm(psm), config)).await??;
        let number =
            self.world.ask("wait_channel", json!({ "psm": psm })).await?["channel"].clone();

        let (total, known) = watch::channel(None);
        let theirs = async {
            let amount = json!({
                "channel": number, "count": u32::MAX, "length": DATAGRAM, "seed": SEED,
                "seconds": TIME.as_secs(),
            });
            let sent = self.world.ask("send", amount).await?;
            total.send_replace(Some(count(&sent, "octets")?));
            anyhow::Ok(sent)
        };
        let (sent, (tally, measured), out) =
            tokio::try_join!(theirs, receive(&channel, known), self.send(&channel, &number))?;
        assert_eq!(
            (&json!(tally.octets()), &json!(tally.sha256())),
            (&sent["octets"], &sent["sha256"])
        );
        let mut measured = Measured { bytes_out: out.bytes_out, ..measured };
        measured.silent(out.longest);
        soon(channel.close()).await??;
        self.world.ask("stop_listening", json!({ "psm": psm })).await?;
        Ok(measured)
    }

    /// Sends without pause, and waits for the arrival of all. A few datagrams at most are in the host: else those of
    /// the next seconds would be, too.
    async fn send(&self, channel: &ClassicChannel<'_>, number: &Value) -> Result<Measured> {
        const HELD: usize = 20;
        let (end, mut pattern) = (Deadline::after(TIME), Pattern::new(SEED));
        let (mut datagram, mut sent) = (vec![0; DATAGRAM], 0);
        while !end.left().is_zero() {
            for _ in 0..HELD {
                pattern.fill(&mut datagram);
                soon(channel.send(&datagram)).await??;
                sent += DATAGRAM;
            }
            soon(channel.flush()).await??;
        }
        let now = json!({ "channel": number });
        let bytes_out = count(&self.world.ask("received", now).await?, "octets")?;
        let all = json!({ "channel": number, "octets": sent, "timeout": 10 });
        let arrived = self.world.ask("received", all).await?;
        assert_eq!(arrived["octets"], sent);
        assert_eq!(arrived["sha256"], sha256(&Pattern::new(SEED).take(sent)));
        Ok(Measured { bytes_out, longest: silence(&arrived)?, ..Measured::default() })
    }

    async fn end(self) -> Result<()> {
        let capture = self.phone.capture().to_path_buf();
        drop(self.phone);
        self.world.end().await?;
        bindrune_interop::check_capture(&capture).map(drop)
    }
}

/// Receives until as many bytes as the other side has sent are here. Counts those that arrived in time.
async fn receive(
    channel: &ClassicChannel<'_>,
    mut total: watch::Receiver<Option<u64>>,
) -> Result<(Tally, Measured)> {
    let (end, mut last) = (Deadline::after(TIME), None::<Stopwatch>);
    let (mut tally, mut measured) = (Tally::default(), Measured::default());
    let mut datagram = vec![0; DATAGRAM];
    loop {
        let arrived = u64::try_from(tally.octets())?;
        if *total.borrow() == Some(arrived) {
            return Ok((tally, measured));
        }
        if !end.left().is_zero() {
            measured.bytes_in = arrived;
        }
        tokio::select! {
            len = channel.recv(&mut datagram) => {
                tally.add_part(datagram.get(..len?).context("longer than its buffer")?, true);
                measured.silent(last.map_or(Duration::ZERO, Stopwatch::elapsed));
                last = Some(Stopwatch::start());
            }
            changed = total.changed() => changed?,
        }
    }
}

fn neither_waits(test: &str, enhanced: bool) -> Result<()> {
    block_on(async {
        let share = Share::start(test)?;
        let phone = share.link().await?;
        let speaker = share.world.call().await?;
        let (mut alone, mut together) = (Measured::default(), Measured::default());
        for _ in 0..ROUNDS {
            alone.add(share.serve(&phone).await?);
            alone.add(share.stream(enhanced).await?);
            let (le, classic) = tokio::try_join!(share.serve(&phone), share.stream(enhanced))?;
            together.add(le);
            together.add(classic);
        }
        println!("enhanced: {enhanced}\nalone:    {alone:?}\ntogether: {together:?}");
        for ((flow, alone), (_, together)) in alone.flows().into_iter().zip(together.flows()) {
            ensure!(alone > 0 && together * SHARE >= alone, "{flow}: {together} of {alone}");
        }
        ensure!(together.longest < SILENCE, "{together:?}");
        share.phone.ask("disconnect", json!({})).await?;
        drop(phone);
        share.world.disconnect(speaker).await?;
        share.end().await
    })
}

#[test]
fn neither_takes_the_share_of_the_other_in_basic_mode() -> Result<()> {
    neither_waits("own_share_basic", false)
}

#[test]
fn neither_takes_the_share_of_the_other_in_enhanced_retransmission_mode() -> Result<()> {
    neither_waits("own_share_enhanced", true)
}
