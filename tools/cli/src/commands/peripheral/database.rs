//! A GATT table from a file, which replaces the built-in services.

mod file;

use std::{fs, io::Read as _, path::Path, time::Duration};

use bindrune::{Characteristic, Error, Host, Level, Properties, Service, Target, Uuid};
use tokio::{task::JoinSet, time};

use crate::{
    echo::LONGEST_VALUE,
    failure::{Doing as _, Failure},
    services,
};

/// Largest file, in bytes.
const LARGEST: u64 = 256 * 1024;

/// Bytes of an advertisement for services, beside the flags. The name goes to the scan response.
const ADVERTISED: usize = 28;

/// A table, and what its characteristics do.
pub(super) struct Database {
    pub(super) services: &'static [Service],
    /// The services that fit into an advertisement.
    pub(super) advertised: Vec<Uuid>,
    characteristics: Vec<Behaviour>,
    is_built_in: bool,
}

/// A characteristic, and what it does by itself.
struct Behaviour {
    characteristic: &'static Characteristic,
    /// Sends a written value to the subscribers.
    echoes: bool,
    /// Time between two notifications.
    period: Option<Duration>,
}

impl Database {
    /// Returns the table without a file.
    pub(super) fn built_in() -> Self {
        let advertised = vec![services::BATTERY, services::UART];
        let services = services::PERIPHERAL;
        Self { services, advertised, characteristics: Vec::new(), is_built_in: true }
    }

    pub(super) const fn is_built_in(&self) -> bool {
        self.is_built_in
    }

    /// Reads a file. The host's table is static, so the table is leaked: once in a run of the program.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::file("read", path, &error);
        let file = fs::File::open(path).map_err(failed)?;
        let mut text = String::new();
        file.take(LARGEST.saturating_add(1)).read_to_string(&mut text).map_err(failed)?;
        if u64::try_from(text.len()).is_ok_and(|len| len > LARGEST) {
            return Err(Failure::usage(format!(
                "{} is longer than {LARGEST} bytes",
                path.display()
            ))
            .advise("A table of attributes is a short text: is this the right file?"));
        }
        Self::parse(&text).map_err(|wrong| {
            let place = wrong.line.map_or_else(String::new, |line| format!(", line {line}"));
            Failure::usage(format!("{}{place}: {}", path.display(), wrong.what))
                .advise(wrong.advice)
        })
    }

    fn parse(text: &str) -> Result<Self, file::Wrong> {
        let mut characteristics = Vec::new();
        let mut services = Vec::new();
        for service in file::services(text)? {
            let built: Vec<&'static Characteristic> = service
                .characteristics
                .into_iter()
                .map(|described| {
                    let (echoes, period) = (described.echoes, described.period);
                    let characteristic: &'static _ = Box::leak(Box::new(build(described)));
                    characteristics.push(Behaviour { characteristic, echoes, period });
                    characteristic
                })
                .collect();
            services.push(Service::primary(service.uuid, built.leak()));
        }
        let advertised = advertised(&services);
        Ok(Self { services: services.leak(), advertised, characteristics, is_built_in: false })
    }

    /// Handles a value that a peer wrote: returns it with its UUID, and sends it to the subscribers if it echoes.
    pub(super) async fn written(&self, host: &Host, target: Target) -> Option<(Uuid, Vec<u8>)> {
        let Target::Characteristic(characteristic) = target else { return None };
        let mut value = vec![0; LONGEST_VALUE];
        let len = host.gatt().read(characteristic, &mut value).ok()?;
        value.truncate(len);
        let echoes =
            |behaviour: &Behaviour| behaviour.echoes && target.is(behaviour.characteristic);
        if self.characteristics.iter().any(echoes)
            && let Err(error) = host.gatt().update(characteristic, &value).await
        {
            log::warn!("the echo of {} failed: {error}", characteristic.uuid());
        }
        Some((characteristic.uuid(), value))
    }

    /// Notifies what is to be notified again and again.
    pub(super) async fn live(&self, host: &'static Host) -> Result<(), Failure> {
        let mut periodic = JoinSet::new();
        for Behaviour { characteristic, period, .. } in &self.characteristics {
            if let Some(period) = *period {
                periodic.spawn_local(notify(host, characteristic, period));
            }
        }
        match periodic.join_next().await {
            Some(Ok(Err(error))) => Err(error).doing("notifying a value"),
            _ => std::future::pending().await,
        }
    }
}

/// Notifies the current value in each period.
async fn notify(
    host: &'static Host,
    characteristic: &'static Characteristic,
    period: Duration,
) -> Result<(), Error> {
    let mut period = time::interval(period);
    period.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let mut value = [0; LONGEST_VALUE];
    loop {
        period.tick().await;
        let len = host.gatt().read(characteristic, &mut value)?;
        host.gatt().update(characteristic, value.get(..len).unwrap_or_default()).await?;
    }
}

fn build(described: file::Described) -> Characteristic {
    type Build = fn(Characteristic) -> Characteristic;
    const BUILDERS: [(Properties, Build); 5] = [
        (Properties::READ, Characteristic::read),
        (Properties::WRITE_WITHOUT_RESPONSE, Characteristic::write_without_response),
        (Properties::WRITE, Characteristic::write),
        (Properties::NOTIFY, Characteristic::notify),
        (Properties::INDICATE, Characteristic::indicate),
    ];
    let (read, write): (Level, Level) = (described.read, described.write);
    let mut built = Characteristic::new(described.uuid)
        .value(described.value.leak())
        .max_len(described.most)
        .read_permission(read)
        .write_permission(write);
    for (property, build) in BUILDERS {
        if described.properties.contains(property) {
            built = build(built);
        }
    }
    match described.description {
        Some(text) => built.user_description(text.leak()),
        None => built,
    }
}

/// Returns the first services that fit into an advertisement: each size of UUID has a header of two bytes.
fn advertised(services: &[Service]) -> Vec<Uuid> {
    let mut fitting: Vec<Uuid> = Vec::new();
    for service in services {
        fitting.push(service.uuid());
        let short = fitting.iter().filter(|uuid| uuid.as_u16().is_some()).count();
        let long = fitting.len().saturating_sub(short);
        let size = |count: usize, each: usize| match count {
            0 => 0,
            count => count.saturating_mul(each).saturating_add(2),
        };
        if size(short, 2).saturating_add(size(long, 16)) > ADVERTISED {
            fitting.pop();
        }
    }
    fitting
}

#[cfg(test)]
mod tests;
