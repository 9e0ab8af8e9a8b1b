//! The GATT server: commands that describe the table, and access by peers.
#![expect(clippy::wildcard_enum_match_arm, reason = "each function has a part of the commands")]

use std::rc::Rc;

use bindrune::{Characteristic, Connection, Properties, ReadRequest, Service, WriteRequest};
use bindrune_btp::{
    Bytes16, List8, Status,
    gatt::{Command, Event, Response},
};

use super::{
    gap::failed,
    table::{EXTRA, Kind},
    tester::Tester,
};

/// Longest value, in bytes.
const LONGEST: usize = 512;
/// Bytes of a notification before its value.
const HEADER: usize = 3;

impl Tester {
    /// Commands of the server; others go to the client.
    pub(super) async fn gatt(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        let gatt = self.host.gatt();
        Ok(match command {
            Command::AddService { kind, uuid } => {
                let service = self.table.borrow_mut().add_service(kind, uuid)?;
                Response::ServiceAdded { service }
            }
            Command::AddCharacteristic { service, properties, permissions, uuid } => {
                let mut table = self.table.borrow_mut();
                let added = table.add_characteristic(service, properties, permissions, uuid)?;
                Response::CharacteristicAdded { characteristic: added }
            }
            Command::AddDescriptor { characteristic, permissions, uuid } => {
                let mut table = self.table.borrow_mut();
                let descriptor = table.add_descriptor(characteristic, permissions, uuid)?;
                Response::DescriptorAdded { descriptor }
            }
            Command::AddIncludedService { service } => {
                let include = self.table.borrow_mut().add_include(service)?;
                Response::IncludedServiceAdded { include }
            }
            Command::SetValue { attribute, value } => {
                self.set_value(attribute, value.0).await?;
                Response::ValueSet {}
            }
            Command::StartServer {} => {
                let (offset, count) = self.table.borrow_mut().start(gatt)?;
                Response::ServerStarted { offset, count }
            }
            Command::ResetServer {} => {
                self.table.borrow_mut().reset(gatt);
                Response::ServerReset {}
            }
            Command::SetKeySize { attribute, size } => {
                self.set_key_size(attribute, size)?;
                Response::KeySizeSet {}
            }
            Command::GetAttributes { start, end, uuid } => {
                Response::Attributes { attributes: List8(self.own_attributes(start, end, uuid.0)) }
            }
            Command::GetAttributeValue { peer, handle } => {
                let (att, value) = self.own_value(peer, handle)?;
                Response::AttributeValue { att, value: Bytes16(value) }
            }
            Command::ChangeDatabase { start, end, operation } => {
                self.change_database(start, end, operation)?;
                Response::DatabaseChanged {}
            }
            other => return self.gatt_client(other).await,
        })
    }

    /// Sets a value, and sends it to subscribers if the server is on.
    async fn set_value(self: &Rc<Self>, attribute: u16, value: Vec<u8>) -> Result<(), Status> {
        let pushed = {
            let mut table = self.table.borrow_mut();
            let started = table.is_started();
            let (_, attribute) = table.named(attribute)?;
            let is_held =
                matches!(attribute.kind, Kind::Value { .. } | Kind::Descriptor | Kind::Extended);
            let limit = if started { attribute.limit } else { LONGEST };
            if !is_held || value.len() > limit {
                return Err(Status::FAIL);
            }
            attribute.value.clone_from(&value);
            if let Kind::Value { built: Some(built), properties } = attribute.kind
                && started
            {
                Some((built, properties))
            } else {
                None
            }
        };
        let Some((characteristic, properties)) = pushed else { return Ok(()) };
        if properties.intersects(Properties::NOTIFY.union(Properties::INDICATE)) {
            for connection in self.links.all() {
                self.push(connection, characteristic, &value).await;
            }
        }
        Ok(())
    }

    /// Sends a value to a peer as it has subscribed. A value that is too long is cut; the peer can read the rest.
    async fn push(
        self: &Rc<Self>,
        connection: Connection<'static>,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) {
        let Ok((notify, indicate)) = connection.subscribed(characteristic) else { return };
        let room = connection.mtu().unwrap_or_default().saturating_sub(HEADER);
        let value = value.get(..room).unwrap_or(value).to_vec();
        let result = |sent: Result<(), bindrune::Error>| {
            if let Err(error) = sent {
                log::info!("a value for a subscriber: {error}");
            }
        };
        if notify {
            result(connection.notify(characteristic, &value).await);
        }
        // The confirmation can take 30 s.
        if indicate {
            self.spawn(async move { result(connection.indicate(characteristic, &value).await) });
        }
    }

    fn set_key_size(&self, attribute: u16, size: u8) -> Result<(), Status> {
        /// Permissions that require encryption.
        const SECURED: u8 = 0x3c;
        let mut table = self.table.borrow_mut();
        if table.is_started() || !(7..=16).contains(&size) {
            return Err(Status::FAIL);
        }
        let (_, attribute) = table.named(attribute)?;
        if attribute.permissions & SECURED == 0 {
            return Err(Status::FAIL);
        }
        attribute.key_size = size;
        Ok(())
    }

    /// Adds or removes one service after those of the tester, so that peers get Service Changed.
    fn change_database(&self, start: u16, end: u16, operation: u8) -> Result<(), Status> {
        let mut table = self.table.borrow_mut();
        let add = match operation {
            0 => false,
            1 => true,
            2 => !table.has_extra,
            _ => return Err(Status::FAIL),
        };
        if (start, end) != (0, 0) || add == table.has_extra {
            return Err(Status::FAIL);
        }
        let mut services = table.services.clone();
        services.extend(add.then_some(EXTRA));
        let services: &'static [Service] = services.leak();
        let replaced = self.host.gatt().replace(services);
        replaced.map_err(|error| failed("changing the table", error))?;
        table.has_extra = add;
        Ok(())
    }

    pub(super) fn read_by_peer(&self, request: ReadRequest<'static>) {
        let table = self.table.borrow();
        match table.read(request.handle()) {
            Ok(value) => request.reply(value),
            Err(error) => request.reject(error),
        }
    }

    pub(super) async fn written_by_peer(&self, request: WriteRequest<'static>) {
        let mut bytes = vec![0; LONGEST];
        let len = request.read(&mut bytes);
        bytes.truncate(len);
        let handle = request.handle();
        let written = {
            let mut table = self.table.borrow_mut();
            let written = table.write(handle, request.offset(), &bytes);
            written.map(|()| table.read_back(handle))
        };
        match written {
            Ok(value) => {
                request.accept();
                self.event(Event::ValueChanged { attribute: handle, value: Bytes16(value) }).await;
            }
            Err(error) => request.reject(error),
        }
    }
}
