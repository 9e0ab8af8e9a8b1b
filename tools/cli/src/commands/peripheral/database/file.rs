//! The file of a table, in TOML.

use std::{fmt::Display, ops::Range, time::Duration};

use bindrune::{Level, Properties, Uuid};
use serde::Deserialize;
use toml::Spanned;

use crate::{
    echo::LONGEST_VALUE,
    numbers,
    parse::{self, Value},
};

/// The most services, and the most characteristics of all of them.
const MOST_SERVICES: usize = 64;
const MOST_CHARACTERISTICS: usize = 256;

/// Range of the time between two notifications, in seconds.
const PERIODS: std::ops::RangeInclusive<f64> = 0.01..=86_400.0;

/// Services that every host has. [Vol 3] Part C, 12 and Part G, 7
const BUILT_IN: [Uuid; 2] = [Uuid::new_16(0x1800), Uuid::new_16(0x1801)];

/// What is wrong with a file, where, and what to do.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) line: Option<usize>,
    pub(super) what: String,
    pub(super) advice: &'static str,
}

/// A service of the file.
#[derive(Debug)]
pub(super) struct Provided {
    pub(super) uuid: Uuid,
    pub(super) characteristics: Vec<Described>,
}

/// A characteristic of the file, checked.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) uuid: Uuid,
    pub(super) properties: Properties,
    pub(super) read: Level,
    pub(super) write: Level,
    pub(super) value: Vec<u8>,
    pub(super) most: u16,
    pub(super) description: Option<String>,
    pub(super) echoes: bool,
    pub(super) period: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    service: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    uuid: Spanned<String>,
    #[serde(default)]
    characteristic: Vec<Characteristic>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Characteristic {
    uuid: Spanned<String>,
    properties: Spanned<Vec<Property>>,
    permission: Option<Permission>,
    read_permission: Option<Permission>,
    write_permission: Option<Permission>,
    value: Option<Spanned<String>>,
    max_length: Option<Spanned<u16>>,
    description: Option<Spanned<String>>,
    notify_every: Option<Spanned<f64>>,
    echo: Option<Spanned<bool>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Property {
    Read,
    Write,
    WriteWithoutResponse,
    Notify,
    Indicate,
}

impl Property {
    const fn bit(self) -> Properties {
        match self {
            Self::Read => Properties::READ,
            Self::Write => Properties::WRITE,
            Self::WriteWithoutResponse => Properties::WRITE_WITHOUT_RESPONSE,
            Self::Notify => Properties::NOTIFY,
            Self::Indicate => Properties::INDICATE,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Permission {
    Open,
    Encrypted,
    Authenticated,
    SecureConnections,
}

impl Permission {
    const fn level(self) -> Level {
        match self {
            Self::Open => Level::Open,
            Self::Encrypted => Level::Encrypted,
            Self::Authenticated => Level::Authenticated,
            Self::SecureConnections => Level::SecureConnections,
        }
    }
}

/// Parses a file.
pub(super) fn services(text: &str) -> Result<Vec<Provided>, Wrong> {
    let file: File = toml::from_str(text).map_err(|error| Wrong {
        line: error.span().map(|span| line(text, span)),
        what: error.message().lines().next().unwrap_or_default().to_owned(),
        advice: "The page \"Serve a table from a file\" of the book lists the keys of a table.",
    })?;
    let count = file.service.iter().map(|service| service.characteristic.len()).sum::<usize>();
    if file.service.is_empty() || file.service.len() > MOST_SERVICES || count > MOST_CHARACTERISTICS
    {
        return Err(Wrong {
            line: None,
            what: format!("{} services with {count} characteristics", file.service.len()),
            advice: "A table has 1 to 64 services, [[service]], and at most 256 characteristics, [[service.characteristic]].",
        });
    }
    let reader = Reader { text };
    file.service.iter().map(|service| reader.service(service)).collect()
}

/// Returns the number of the line where a span begins.
fn line(text: &str, span: Range<usize>) -> usize {
    let before = text.as_bytes().get(..span.start).unwrap_or_default();
    before.iter().filter(|&&byte| byte == b'\n').count().saturating_add(1)
}

/// Checks the parts of a file.
struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn wrong<T>(&self, at: &Spanned<T>, what: impl Display, advice: &'static str) -> Wrong {
        Wrong { line: Some(line(self.text, at.span())), what: what.to_string(), advice }
    }

    fn service(&self, service: &Service) -> Result<Provided, Wrong> {
        let uuid = self.uuid(&service.uuid, numbers::service_named)?;
        if BUILT_IN.contains(&uuid) {
            return Err(self.wrong(
                &service.uuid,
                "this service is in every table already",
                "Remove it here; --name sets the device name.",
            ));
        }
        let characteristics =
            service.characteristic.iter().map(|described| self.characteristic(described));
        Ok(Provided { uuid, characteristics: characteristics.collect::<Result<_, _>>()? })
    }

    fn uuid(&self, text: &Spanned<String>, named: fn(&str) -> Option<Uuid>) -> Result<Uuid, Wrong> {
        let uuid = parse::uuid(text.get_ref()).ok().or_else(|| named(text.get_ref()));
        uuid.ok_or_else(|| {
            self.wrong(
                text,
                format_args!("{:?} is no UUID, and no assigned name", text.get_ref()),
                "A UUID is \"180f\", \"6e400001-b5a3-f393-e0a9-e50e24dcca9e\", or a name such as \"Battery Level\".",
            )
        })
    }

    fn characteristic(&self, from: &Characteristic) -> Result<Described, Wrong> {
        let properties = self.properties(&from.properties)?;
        let both = from.permission.unwrap_or(Permission::Open);
        let (value, most) = self.value(from, properties)?;
        Ok(Described {
            uuid: self.uuid(&from.uuid, numbers::characteristic_named)?,
            properties,
            read: from.read_permission.unwrap_or(both).level(),
            write: from.write_permission.unwrap_or(both).level(),
            value,
            most,
            description: self.description(from.description.as_ref())?,
            echoes: self.echo(from.echo.as_ref(), properties)?,
            period: self.period(from.notify_every.as_ref(), properties)?,
        })
    }

    fn properties(&self, list: &Spanned<Vec<Property>>) -> Result<Properties, Wrong> {
        let all = list.get_ref().iter().fold(Properties::empty(), |all, p| all.union(p.bit()));
        if all.is_empty() {
            let advice =
                "Give at least one of read, write, write-without-response, notify and indicate.";
            return Err(self.wrong(list, "a characteristic without properties", advice));
        }
        Ok(all)
    }

    /// Returns the value, and the most bytes that it may have.
    fn value(
        &self,
        from: &Characteristic,
        properties: Properties,
    ) -> Result<(Vec<u8>, u16), Wrong> {
        const LENGTHS: &str = "A value has at most max-length bytes, and max-length is 1 to 512.";
        let value = match &from.value {
            Some(text) => {
                let Value(value) = text.get_ref().parse().map_err(|why| {
                    self.wrong(text, why, "A value is \"0a0b\", or \"text:hello\".")
                })?;
                if value.len() > LONGEST_VALUE {
                    let what = format!("a value of {} bytes", value.len());
                    return Err(self.wrong(text, what, LENGTHS));
                }
                value
            }
            None => Vec::new(),
        };
        let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
        let is_writable =
            properties.intersects(Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE);
        let longest = u16::try_from(LONGEST_VALUE).unwrap_or(u16::MAX);
        let most = match &from.max_length {
            Some(most) if !(len.max(1)..=longest).contains(most.get_ref()) => {
                let what = format!("max-length {}, and a value of {len} bytes", most.get_ref());
                return Err(self.wrong(most, what, LENGTHS));
            }
            Some(most) => *most.get_ref(),
            None if is_writable => longest,
            None => len,
        };
        Ok((value, most))
    }

    fn description(&self, text: Option<&Spanned<String>>) -> Result<Option<String>, Wrong> {
        match text {
            Some(text) if text.get_ref().len() > LONGEST_VALUE => {
                Err(self.wrong(text, "the description is too long", "It has at most 512 bytes."))
            }
            text => Ok(text.map(|text| text.get_ref().clone())),
        }
    }

    fn echo(&self, echo: Option<&Spanned<bool>>, properties: Properties) -> Result<bool, Wrong> {
        match echo {
            Some(echo) if *echo.get_ref() => {
                let writes = Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE;
                if properties.intersects(writes) && pushes(properties) {
                    return Ok(true);
                }
                let advice = "An echo needs a property to write, and notify or indicate.";
                Err(self.wrong(echo, "this characteristic cannot echo", advice))
            }
            _ => Ok(false),
        }
    }

    fn period(
        &self,
        seconds: Option<&Spanned<f64>>,
        properties: Properties,
    ) -> Result<Option<Duration>, Wrong> {
        let Some(seconds) = seconds else { return Ok(None) };
        if !pushes(properties) {
            let advice = "Add notify or indicate to its properties.";
            return Err(self.wrong(seconds, "this characteristic does not notify", advice));
        }
        if !PERIODS.contains(seconds.get_ref()) {
            let what = format!("a time of {} s between two notifications", seconds.get_ref());
            return Err(self.wrong(seconds, what, "It is 0.01 to 86400 s."));
        }
        Ok(Some(Duration::from_secs_f64(*seconds.get_ref())))
    }
}

const fn pushes(properties: Properties) -> bool {
    properties.intersects(Properties::NOTIFY.union(Properties::INDICATE))
}
