//! Makes the host's static table of what the tester described.

use bindrune::{Characteristic, Descriptor, Gatt, Level, Properties, Service, TableError, Uuid};
use bindrune_btp::{Status, gatt::permissions};

use super::{Attribute, Kind, Table};
use crate::btp::gap::failed;

/// A characteristic whose handle shows where our attributes begin.
static PROBE: Characteristic = Characteristic::new(Uuid::new_16(0xffff)).read();
static PROBES: [Service; 1] = [Service::primary(Uuid::new_16(0xffff), &[&PROBE])];

static EXTRA_VALUE: Characteristic =
    Characteristic::new(Uuid::new_128(0x6f0e1002_5a4d_4c8b_9a5e_b1d2c3a4e5f6)).read();
/// The service that Change Database adds and removes.
pub(in crate::btp) static EXTRA: Service =
    Service::primary(Uuid::new_128(0x6f0e1001_5a4d_4c8b_9a5e_b1d2c3a4e5f6), &[&EXTRA_VALUE]);

/// Returns the handle of the first attribute after the built-in ones; leaves the table without other attributes.
pub(super) fn first_handle(gatt: Gatt<'static>) -> Result<u16, TableError> {
    gatt.replace(&PROBES)?;
    // The service and the declaration precede the value.
    let first = gatt.handle(&PROBE).and_then(|handle| handle.checked_sub(2));
    gatt.replace(&[])?;
    first.ok_or(TableError::TooManyAttributes)
}

/// A service in the making.
struct Draft {
    handle: u16,
    uuid: Uuid,
    primary: bool,
    includes: Vec<&'static Service>,
    characteristics: Vec<&'static Characteristic>,
}

impl Draft {
    fn finish(self) -> Service {
        let characteristics = self.characteristics.leak();
        let service = if self.primary {
            Service::primary(self.uuid, characteristics)
        } else {
            Service::secondary(self.uuid, characteristics)
        };
        service.includes(self.includes.leak())
    }
}

impl Table {
    /// Gives the host the attributes. Returns the first handle, and their number.
    pub(in crate::btp) fn start(&mut self, gatt: Gatt<'static>) -> Result<(u16, u8), Status> {
        if self.started {
            return Err(Status::FAIL);
        }
        let services = self.build()?;
        let table: &'static [Service] = services.clone().leak();
        gatt.replace(table).map_err(|error| failed("the table of attributes", error))?;
        let moved = self.all().find_map(|(handle, a)| {
            let Kind::Value { built: Some(built), .. } = a.kind else { return None };
            (gatt.handle(built) != Some(handle)).then_some(handle)
        });
        if let Some(handle) = moved {
            return Err(failed("the table of attributes", format!("0x{handle:04x} has moved")));
        }
        (self.started, self.services) = (true, services);
        let count = u8::try_from(self.attributes.len()).unwrap_or(u8::MAX);
        Ok((self.first, count))
    }

    fn build(&mut self) -> Result<Vec<Service>, Status> {
        let mut done: Vec<(u16, &'static Service)> = Vec::new();
        let mut draft: Option<Draft> = None;
        let mut place = 0;
        while let Some(attribute) = self.attributes.get(place) {
            let handle = self.first.saturating_add(u16::try_from(place).unwrap_or(u16::MAX));
            let mut next = place.saturating_add(1);
            match (attribute.kind, draft.as_mut()) {
                (Kind::Service { primary }, _) => {
                    let uuid = Uuid::from_le_bytes(&attribute.value).map_err(|_| Status::FAIL)?;
                    let (includes, characteristics) = (Vec::new(), Vec::new());
                    let new = Draft { handle, uuid, primary, includes, characteristics };
                    done.extend(draft.replace(new).map(leaked));
                }
                (Kind::Include { service }, Some(draft)) => {
                    let included = done.iter().find(|(handle, _)| *handle == service);
                    draft.includes.push(included.ok_or(Status::FAIL)?.1);
                }
                (Kind::Declaration { properties }, Some(draft)) => {
                    let rest = self.attributes.get_mut(next..).unwrap_or_default();
                    let len = rest.iter().take_while(|a| is_part(a.kind)).count();
                    let parts = rest.get_mut(..len).unwrap_or_default();
                    draft.characteristics.push(characteristic(properties, parts)?);
                    next = next.saturating_add(len);
                }
                _ => return Err(Status::FAIL),
            }
            place = next;
        }
        done.extend(draft.map(leaked));
        Ok(done.into_iter().map(|(_, service)| *service).collect())
    }
}

fn leaked(draft: Draft) -> (u16, &'static Service) {
    (draft.handle, Box::leak(Box::new(draft.finish())))
}

/// Returns whether an attribute follows a characteristic's declaration.
const fn is_part(kind: Kind) -> bool {
    match kind {
        Kind::Value { .. } | Kind::Configuration | Kind::Extended | Kind::Descriptor => true,
        Kind::Service { .. } | Kind::Include { .. } | Kind::Declaration { .. } => false,
    }
}

/// Makes a characteristic of its value and its descriptors.
fn characteristic(
    properties: Properties,
    parts: &mut [Attribute],
) -> Result<&'static Characteristic, Status> {
    const RELIABLE: u8 = 0x01;
    const WRITABLE: u8 = 0x02;
    let (value, rest) = parts.split_first_mut().ok_or(Status::FAIL)?;
    let mut made = with_properties(Characteristic::new(value.uuid), properties);
    let bits = rest.iter().find(|a| matches!(a.kind, Kind::Extended));
    let bits = bits.and_then(|a| a.value.first().copied()).unwrap_or_default();
    if properties.contains(Properties::EXTENDED) {
        made =
            if bits & RELIABLE != 0 || bits & WRITABLE == 0 { made.reliable_write() } else { made };
        made = if bits & WRITABLE != 0 { made.writable_auxiliaries() } else { made };
    }
    let (read, write) = levels(value.permissions);
    made = made.read_permission(read).write_permission(write);
    if value.permissions & (permissions::READ_AUTHORIZED | permissions::WRITE_AUTHORIZED) != 0 {
        made = made.authorize();
    }
    if value.key_size > 0 {
        made = made.min_key_size(value.key_size);
    }
    value.limit = if value.value.is_empty() { value.limit } else { value.value.len() };
    made = made.max_len(u16::try_from(value.limit).unwrap_or(u16::MAX));
    let descriptors: Vec<&'static Descriptor> =
        rest.iter_mut().filter(|a| matches!(a.kind, Kind::Descriptor)).map(descriptor).collect();
    let built = Box::leak(Box::new(made.descriptors(descriptors.leak())));
    value.kind = Kind::Value { properties, built: Some(built) };
    Ok(built)
}

fn with_properties(mut made: Characteristic, properties: Properties) -> Characteristic {
    type Build = fn(Characteristic) -> Characteristic;
    let builders: [(Properties, Build); 7] = [
        (Properties::BROADCAST, Characteristic::broadcast),
        (Properties::READ, Characteristic::read),
        (Properties::WRITE_WITHOUT_RESPONSE, Characteristic::write_without_response),
        (Properties::WRITE, Characteristic::write),
        (Properties::NOTIFY, Characteristic::notify),
        (Properties::INDICATE, Characteristic::indicate),
        (Properties::SIGNED_WRITE, Characteristic::signed_write),
    ];
    for (property, build) in builders {
        made = if properties.contains(property) { build(made) } else { made };
    }
    made
}

fn descriptor(attribute: &mut Attribute) -> &'static Descriptor {
    const READ: u8 =
        permissions::READ | permissions::READ_ENCRYPTED | permissions::READ_AUTHENTICATED;
    const WRITE: u8 =
        permissions::WRITE | permissions::WRITE_ENCRYPTED | permissions::WRITE_AUTHENTICATED;
    let mut made = Descriptor::new(attribute.uuid);
    made = if attribute.permissions & READ != 0 { made.read() } else { made };
    made = if attribute.permissions & WRITE != 0 { made.write() } else { made };
    let (read, write) = levels(attribute.permissions);
    made = made.read_permission(read).write_permission(write);
    if attribute.key_size > 0 {
        made = made.min_key_size(attribute.key_size);
    }
    if !attribute.value.is_empty() {
        attribute.limit = attribute.value.len();
    }
    Box::leak(Box::new(made.max_len(u16::try_from(attribute.limit).unwrap_or(u16::MAX))))
}

/// Returns the levels for reading and writing.
const fn levels(bits: u8) -> (Level, Level) {
    const fn level(bits: u8, encrypted: u8, authenticated: u8) -> Level {
        if bits & authenticated != 0 {
            Level::Authenticated
        } else if bits & encrypted != 0 {
            Level::Encrypted
        } else {
            Level::Open
        }
    }
    (
        level(bits, permissions::READ_ENCRYPTED, permissions::READ_AUTHENTICATED),
        level(bits, permissions::WRITE_ENCRYPTED, permissions::WRITE_AUTHENTICATED),
    )
}
