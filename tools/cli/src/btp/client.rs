//! The GATT client: one procedure for each command, and the values that a peer sends.
#![expect(clippy::wildcard_enum_match_arm, reason = "each function has a part of the commands")]

use std::rc::Rc;

use bindrune::{Address, Connection, Error, ErrorCode, Uuid};
use bindrune_btp::{
    Bytes8, Bytes16, List8, Service, Status,
    gatt::{
        Command, Event, FoundCharacteristic, FoundDescriptor, FoundInclude, FoundService,
        FoundValue, Response,
    },
};

use super::{
    gap::failed,
    table::{CHARACTERISTIC, INCLUDE},
    tester::{Task, Tester, supported},
};

/// Longest value, in bytes.
const LONGEST: usize = 512;

/// Returns the code of an ATT error of the peer; other errors fail the command.
fn att(error: Error) -> Result<u8, Status> {
    if let Error::Att(code) = error {
        Ok(code.0)
    } else {
        Err(failed("a procedure of GATT", error))
    }
}

/// Separates a value from the peer's ATT error.
fn value(result: Result<Vec<u8>, Error>) -> Result<(u8, Bytes16), Status> {
    match result {
        Ok(value) => Ok((0, Bytes16(value))),
        Err(error) => Ok((att(error)?, Bytes16::default())),
    }
}

/// Returns the peer's answer to a write.
fn written(result: Result<(), Error>) -> Result<u8, Status> {
    result.map_or_else(att, |()| Ok(0))
}

fn done<T>(result: Result<T, Error>) -> Result<T, Status> {
    result.map_err(|error| failed("a procedure of GATT", error))
}

impl Tester {
    /// Commands of the client: discovery, and the rest.
    pub(super) async fn gatt_client(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        let link = |peer: Address| self.links.find(peer);
        Ok(match command {
            Command::ReadSupportedCommands {} => {
                Response::SupportedCommands { commands: supported(Service::GATT) }
            }
            Command::ExchangeMtu { peer } => {
                done(link(peer)?.exchange_mtu().await)?;
                Response::MtuExchanged {}
            }
            Command::DiscoverPrimary { peer } => {
                Response::Primary { services: List8(done(services(&link(peer)?, None).await)?) }
            }
            Command::DiscoverPrimaryByUuid { peer, uuid } => {
                let services = done(services(&link(peer)?, Some(uuid)).await)?;
                Response::PrimaryByUuid { services: List8(services) }
            }
            Command::FindIncluded { peer, start, end } => {
                let includes = done(includes(&link(peer)?, start, end).await)?;
                Response::Included { includes: List8(includes) }
            }
            Command::DiscoverCharacteristics { peer, start, end } => {
                let found = done(characteristics(&link(peer)?, start, end).await)?;
                Response::Characteristics { characteristics: List8(found) }
            }
            Command::DiscoverCharacteristicsByUuid { peer, start, end, uuid } => {
                let mut found = done(characteristics(&link(peer)?, start, end).await)?;
                found.retain(|characteristic| characteristic.uuid == uuid);
                Response::CharacteristicsByUuid { characteristics: List8(found) }
            }
            Command::DiscoverDescriptors { peer, start, end } => {
                let found = done(descriptors(&link(peer)?, start, end).await)?;
                Response::Descriptors { descriptors: List8(found) }
            }
            other => return self.gatt_values(other).await,
        })
    }

    /// Commands that read.
    async fn gatt_values(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        let link = |peer: Address| self.links.find(peer);
        Ok(match command {
            Command::Read { peer, handle } => {
                let (att, value) = value(read(&link(peer)?, handle).await)?;
                Response::Read { att, value }
            }
            Command::ReadByUuid { peer, start, end, uuid } => {
                match values(&link(peer)?, start, end, uuid).await {
                    Ok(values) if values.is_empty() => {
                        let att = ErrorCode::ATTRIBUTE_NOT_FOUND.0;
                        Response::ReadByUuid { att, values: List8::default() }
                    }
                    Ok(values) => Response::ReadByUuid { att: 0, values: List8(values) },
                    Err(error) => {
                        Response::ReadByUuid { att: att(error)?, values: List8::default() }
                    }
                }
            }
            Command::ReadLong { peer, handle, offset } => {
                let (att, value) = value(read_from(&link(peer)?, handle, offset).await)?;
                Response::ReadLong { att, value }
            }
            Command::ReadMultiple { peer, handles } => {
                let mut buffer = vec![0; LONGEST];
                let read = link(peer)?.read_multiple(&handles.0, &mut buffer).await;
                let (att, value) = value(read.map(|len| cut(buffer, len)))?;
                Response::ReadMultiple { att, value }
            }
            Command::ReadMultipleVariable { peer, handles } => {
                let (att, value) = value(read_variable(&link(peer)?, &handles.0).await)?;
                Response::ReadMultipleVariable { att, value }
            }
            other => return self.gatt_writes(other).await,
        })
    }

    /// Commands that write.
    async fn gatt_writes(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        let link = |peer: Address| self.links.find(peer);
        /// The host writes whole values.
        const WHOLE: u16 = 0;
        Ok(match command {
            Command::WriteWithoutResponse { peer, handle, value } => {
                done(link(peer)?.write_without_response(handle, &value.0).await)?;
                Response::WrittenWithoutResponse {}
            }
            Command::Write { peer, handle, value } => {
                Response::Written { att: written(link(peer)?.write(handle, &value.0).await)? }
            }
            Command::WriteLong { peer, handle, offset: WHOLE, value } => {
                Response::LongWritten { att: written(link(peer)?.write(handle, &value.0).await)? }
            }
            Command::ReliableWrite { peer, handle, offset: WHOLE, value } => {
                let values = [(handle, value.0.as_slice())];
                let result = link(peer)?.write_reliably(&values).await;
                Response::ReliablyWritten { att: written(result)? }
            }
            Command::ConfigureNotifications { peer, on, handle } => {
                self.configure(peer, handle, if on { NOTIFICATION } else { 0 }).await?;
                Response::NotificationsConfigured {}
            }
            Command::ConfigureIndications { peer, on, handle } => {
                self.configure(peer, handle, if on { INDICATION } else { 0 }).await?;
                Response::IndicationsConfigured {}
            }
            Command::WriteLong { .. } | Command::ReliableWrite { .. } => return Err(Status::FAIL),
            _ => return Err(Status::UNKNOWN_COMMAND),
        })
    }

    /// Writes a client characteristic configuration, and reports the values that the peer sends then.
    async fn configure(
        self: &Rc<Self>,
        peer: Address,
        handle: u16,
        kind: u8,
    ) -> Result<(), Status> {
        let link = self.links.link(peer)?;
        let connection = self.links.find(peer)?;
        // The value is that of the last characteristic before the configuration.
        let before = done(characteristics(&connection, 1, handle).await)?;
        let value = before.last().map(|characteristic| characteristic.value).ok_or(Status::FAIL)?;
        let old = link.subscriptions.borrow_mut().remove(&value);
        if let Some(task) = old {
            task.stop().await;
        }
        if kind != 0 {
            // It listens first, so that no value is lost.
            let mut subscription = done(connection.listen(value))?;
            let (tester, peer) = (Rc::clone(self), link.shown);
            let task = Task::spawn(async move {
                let mut buffer = vec![0; LONGEST];
                while let Ok(len) = subscription.next(&mut buffer).await {
                    let value = Bytes16(buffer.get(..len).unwrap_or_default().to_vec());
                    let handle = subscription.handle();
                    tester.event(Event::Notification { peer, kind, handle, value }).await;
                }
            });
            link.subscriptions.borrow_mut().insert(value, task);
        }
        done(connection.write(handle, &[kind, 0]).await)
    }
}

/// Kinds of values that a peer sends: the number of the event, and the bit of the configuration.
const NOTIFICATION: u8 = 1;
const INDICATION: u8 = 2;

fn cut(mut buffer: Vec<u8>, len: usize) -> Vec<u8> {
    buffer.truncate(len);
    buffer
}

async fn read(link: &Connection<'static>, handle: u16) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; LONGEST];
    let len = link.read(handle, &mut buffer).await?;
    Ok(cut(buffer, len))
}

/// Reads a whole value, and returns what follows an offset.
async fn read_from(link: &Connection<'static>, handle: u16, offset: u16) -> Result<Vec<u8>, Error> {
    let whole = read(link, handle).await?;
    let rest = whole.get(usize::from(offset)..);
    rest.map(<[u8]>::to_vec).ok_or(Error::Att(ErrorCode::INVALID_OFFSET))
}

/// Reads several values; each follows its length in two bytes.
async fn read_variable(link: &Connection<'static>, handles: &[u16]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    link.read_multiple_variable(handles, |_, _, value| {
        out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend_from_slice(value);
    })
    .await?;
    Ok(out)
}

async fn services(
    link: &Connection<'static>,
    uuid: Option<Uuid>,
) -> Result<Vec<FoundService>, Error> {
    let mut all = uuid.map_or_else(|| link.services(), |uuid| link.services_by_uuid(uuid));
    let mut found = Vec::new();
    while let Some(service) = all.next().await? {
        let (start, end) = service.range();
        found.push(FoundService { start, end, uuid: service.uuid() });
    }
    Ok(found)
}

async fn descriptors(
    link: &Connection<'static>,
    start: u16,
    end: u16,
) -> Result<Vec<FoundDescriptor>, Error> {
    let mut all = link.descriptors(start, end);
    let mut found = Vec::new();
    while let Some(descriptor) = all.next().await? {
        found.push(FoundDescriptor { handle: descriptor.handle(), uuid: descriptor.uuid() });
    }
    Ok(found)
}

/// Reads the values of one type in a range.
async fn values(
    link: &Connection<'static>,
    start: u16,
    end: u16,
    uuid: Uuid,
) -> Result<Vec<FoundValue>, Error> {
    let mut all = link.values_by_uuid(start, end, uuid);
    let (mut found, mut buffer) = (Vec::new(), vec![0; LONGEST]);
    while let Some((handle, len)) = all.next(&mut buffer).await? {
        let value = Bytes8(buffer.get(..len).unwrap_or_default().to_vec());
        found.push(FoundValue { handle, value });
    }
    Ok(found)
}

/// Discovers characteristics by their declarations. [Vol 3] Part G, 4.6.1
async fn characteristics(
    link: &Connection<'static>,
    start: u16,
    end: u16,
) -> Result<Vec<FoundCharacteristic>, Error> {
    let declarations = values(link, start, end, CHARACTERISTIC).await?;
    let parse = |declaration: FoundValue| {
        let FoundValue { handle, value: Bytes8(bytes) } = declaration;
        let [properties, low, high, uuid @ ..] = bytes.as_slice() else { return None };
        let (value, uuid) = (u16::from_le_bytes([*low, *high]), Uuid::from_le_bytes(uuid).ok()?);
        Some(FoundCharacteristic { handle, value, properties: *properties, uuid })
    };
    declarations.into_iter().map(|d| parse(d).ok_or(Error::Protocol)).collect()
}

/// Finds included services by their declarations; reads the type of those whose UUID is long. [Vol 3] Part G, 4.5.1
async fn includes(
    link: &Connection<'static>,
    start: u16,
    end: u16,
) -> Result<Vec<FoundInclude>, Error> {
    let mut found = Vec::new();
    for FoundValue { handle, value: Bytes8(bytes) } in values(link, start, end, INCLUDE).await? {
        let [a, b, c, d, short @ ..] = bytes.as_slice() else { return Err(Error::Protocol) };
        let (start, end) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
        let uuid = if short.is_empty() { read(link, start).await? } else { short.to_vec() };
        let uuid = Uuid::from_le_bytes(&uuid).map_err(|_| Error::Protocol)?;
        found.push(FoundInclude { handle, service: FoundService { start, end, uuid } });
    }
    Ok(found)
}
