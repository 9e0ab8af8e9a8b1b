//! The operations.

use std::{rc::Rc, sync::PoisonError, time::Duration};

use bindrune::{ConnectionParameters, PhyMask};
use tokio::time;

use super::{
    Shell, channel,
    link::{Link, Subscribed},
    words,
};
use crate::{
    cli::{self, Operation, PhyName, Target},
    commands::{
        bonds,
        demo::phy_name,
        gatt::{read, subscribe, tree, write},
        info, pair, scan,
    },
    event::{Event, What},
    failure::{Doing as _, Failure},
    find, numbers,
    parse::{Attribute, Device},
    security,
};

/// Time of a scan, in seconds.
const SCAN: f64 = 5.0;

impl Shell {
    /// Runs an operation.
    pub(super) async fn operate(&mut self, operation: Operation) -> Result<(), Failure> {
        let (host, out) = (self.host, self.out);
        let done = match operation {
            Operation::Connect { device } => self.connect(device).await,
            Operation::Disconnect => {
                self.link()?;
                match self.link.take() {
                    Some(link) => link.close().await,
                    None => Ok(()),
                }
            }
            Operation::Tree => tree::print(self.link()?.connection(), out).await,
            Operation::Read(read) => read::read(&mut self.link()?.database, out, &read).await,
            Operation::Write(write) => write::write(&mut self.link()?.database, out, &write).await,
            Operation::Subscribe { subscribe, timeout } => {
                self.subscribe(subscribe, timeout.map(Duration::from_secs_f64)).await
            }
            Operation::Unsubscribe { attribute } => self.unsubscribe(attribute).await,
            Operation::Pair(options) => self.pair(&options).await,
            Operation::Channel(operation) => {
                let context = channel::Context { host, out, patience: self.patience };
                context.operate(self.link()?, operation).await
            }
            Operation::Parameters(parameters) => self.parameters(parameters).await,
            Operation::Phy { phy } => self.phy(phy).await,
            Operation::Mtu => {
                let mtu =
                    self.link()?.connection().exchange_mtu().await.doing("exchanging the MTU")?;
                self.report(What::Mtu { mtu })
            }
            Operation::Rssi => {
                let rssi = self.link()?.connection().rssi().await;
                self.report(What::Rssi { rssi: rssi.doing("measuring the signal strength")? })
            }
            Operation::Scan(mut options) => {
                options.seconds.get_or_insert(SCAN);
                scan::print(host, out, options).await
            }
            Operation::Info => out.record(&info::read(host).await?),
            Operation::Bonds { command: None | Some(cli::Bonds::List) } => {
                bonds::list(out, &self.place)
            }
            Operation::Bonds { command: Some(cli::Bonds::Remove { device }) } => {
                bonds::remove_held(host, out, Some(&device)).await
            }
            Operation::Bonds { command: Some(cli::Bonds::Clear) } => {
                bonds::remove_held(host, out, None).await
            }
            Operation::Wait { seconds } => {
                time::sleep(Duration::from_secs_f64(seconds)).await;
                Ok(())
            }
            Operation::Quit => Ok(()),
        };
        self.offer();
        done
    }

    /// Closes the link at the end of the session.
    pub(super) async fn leave(&mut self) {
        if let Some(link) = self.link.take() {
            link.leave().await;
        }
    }

    /// Returns the connection.
    fn link(&mut self) -> Result<&mut Link, Failure> {
        let was = if self.link.is_some() { "the link has ended" } else { "not connected" };
        let link = self.link.as_mut().filter(|link| link.is_up());
        let link = link.ok_or_else(|| {
            Failure::failed(was)
                .advise("`connect DEVICE` connects; `connect` alone, to the last device again.")
        })?;
        if link.has_changed() {
            link.database.forget();
        }
        Ok(link)
    }

    fn report(&self, what: What) -> Result<(), Failure> {
        let peer = self.link.as_ref().map(Link::peer).unwrap_or_default();
        self.out.record(&Event::of(peer, what))
    }

    async fn connect(&mut self, device: Option<Device>) -> Result<(), Failure> {
        if let Some(link) = self.link.as_ref().filter(|link| link.is_up()) {
            return Err(Failure::failed(format!("connected to {} already", link.device()))
                .advise("`disconnect` closes the link; the shell has one at a time."));
        }
        let device = device.or_else(|| self.last.clone()).ok_or_else(|| {
            Failure::usage("there was no connection before, so the device has no name").advise(
                "Give its name or its address: connect Thermometer. `scan` shows the devices.",
            )
        })?;
        self.link = None;
        self.last = Some(device.clone());
        let target = Target { device: device.clone(), timeout: self.patience.as_secs_f64() };
        let connection = find::connect(self.host, &target).await?;
        let mut link = Link::new(connection, device, self.out, self.trouble.clone());
        let discovered = if self.is_attended { link.database.discover().await } else { Ok(()) };
        self.link = Some(link);
        if let Err(error) = discovered {
            log::info!("discovering, for completion: {error}");
        }
        self.report(What::Connected)
    }

    async fn subscribe(
        &mut self,
        options: cli::Subscribe,
        patience: Option<Duration>,
    ) -> Result<(), Failure> {
        let (out, trouble) = (self.out, self.trouble.clone());
        let link = self.link()?;
        if link.subscriptions.iter().any(|subscribed| subscribed.is_of(options.attribute)) {
            return Err(Failure::failed(format!("subscribed to {} already", options.attribute))
                .advise("`unsubscribe` ends a subscription."));
        }
        let mut updates = subscribe::subscribe(&mut link.database, options.attribute).await?;
        let Some(count) = options.count else {
            link.subscriptions.push(Subscribed::start(updates, out, trouble));
            return out.text(&format!(
                " subscribed to {}; its values appear as they arrive",
                options.attribute
            ));
        };
        for _ in 0..count {
            let next = updates.next(out);
            match patience {
                Some(limit) => time::timeout(limit, next).await.unwrap_or_else(|_| {
                    let seconds = limit.as_secs_f64();
                    Err(Failure::timed_out(format!("no value arrived within {seconds} s")))
                })?,
                None => next.await?,
            }
        }
        updates.subscription.unsubscribe().await.doing("unsubscribing")
    }

    /// Ends the subscription of an attribute, or all.
    async fn unsubscribe(&mut self, attribute: Option<Attribute>) -> Result<(), Failure> {
        let link = self.link()?;
        let meant = |subscribed: &mut Subscribed| attribute.is_none_or(|a| subscribed.is_of(a));
        let ended: Vec<_> = link.subscriptions.extract_if(.., meant).collect();
        if ended.is_empty() {
            return Err(Failure::failed("there is no such subscription"));
        }
        let count = ended.len();
        for subscribed in ended {
            subscribed.end().await?;
        }
        self.out.text(&format!(" ended subscriptions: {count}"))
    }

    async fn pair(&mut self, options: &cli::Pairing) -> Result<(), Failure> {
        let (host, out, lines) = (self.host, self.out, Rc::clone(&self.lines));
        let link = self.link()?;
        host.set_pairing(security::config(options, None)?).doing("setting how to pair")?;
        let person = pair::person(out, link.device(), options).reading(lines);
        pair::pair(host, out, link.connection(), &person).await
    }

    async fn parameters(&mut self, requested: cli::Parameters) -> Result<(), Failure> {
        let doing = "changing the connection parameters";
        let connection = self.link()?.connection();
        let now = connection.parameters().doing(doing)?;
        let cli::Parameters { interval, latency, timeout } = requested;
        if interval.is_some() || latency.is_some() || timeout.is_some() {
            let interval = interval.unwrap_or(now.interval);
            let new = ConnectionParameters {
                interval_min: interval,
                interval_max: interval,
                latency: latency.unwrap_or(now.latency),
                timeout: timeout.map_or(now.timeout, |milliseconds| milliseconds / 10),
            };
            new.validate().map_err(|_| {
                Failure::usage("these connection parameters do not fit together")
                    .advise("The timeout must be longer than 2 x (1 + latency) x interval.")
            })?;
            connection.update_parameters(new).await.doing(doing)?;
        }
        let now = connection.parameters().doing(doing)?;
        self.report(What::parameters(now))
    }

    async fn phy(&mut self, requested: Option<PhyName>) -> Result<(), Failure> {
        let connection = self.link()?.connection();
        if let Some(requested) = requested {
            let mask = match requested {
                PhyName::OneM => PhyMask::LE_1M,
                PhyName::TwoM => PhyMask::LE_2M,
                PhyName::Coded => PhyMask::CODED,
            };
            connection.set_phy(mask, mask).await.doing("changing the PHY")?;
        }
        let phys = connection.phy().doing("reading the PHY")?;
        self.report(What::Phy { phy: phy_name(phys) })
    }

    /// Offers the known values of the device for completion.
    fn offer(&self) {
        let mut attributes = self.attributes.lock().unwrap_or_else(PoisonError::into_inner);
        attributes.clear();
        let Some(link) = self.link.as_ref().filter(|link| link.is_up()) else { return };
        for found in link.database.found() {
            let spelling = numbers::characteristic(found.uuid())
                .map_or_else(|| found.uuid().to_string(), words::quoted);
            attributes.push(spelling);
        }
        attributes.sort();
        attributes.dedup();
    }
}
