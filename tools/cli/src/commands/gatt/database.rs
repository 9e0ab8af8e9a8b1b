//! The characteristics of a device.

use bindrune::{Connection, Error, RemoteCharacteristic, Uuid};

use crate::{
    failure::{Doing as _, Failure},
    parse::Attribute,
};

/// A connected device, and those of its characteristics that are known.
pub(crate) struct Database {
    connection: Connection<'static>,
    found: Vec<RemoteCharacteristic<'static>>,
    is_whole: bool,
}

impl Database {
    pub(crate) const fn new(connection: Connection<'static>) -> Self {
        Self { connection, found: Vec::new(), is_whole: false }
    }

    pub(crate) const fn connection(&self) -> &Connection<'static> {
        &self.connection
    }

    /// Returns the known characteristics.
    pub(crate) fn found(&self) -> &[RemoteCharacteristic<'static>] {
        &self.found
    }

    /// Forgets what is known, because the device has changed its table.
    pub(crate) fn forget(&mut self) {
        self.found.clear();
        self.is_whole = false;
    }

    /// Discovers all characteristics.
    pub(crate) async fn discover(&mut self) -> Result<(), Error> {
        self.walk(None).await.map(drop)
    }

    /// Returns the selected characteristic, or `None` if the attribute is not the value of one.
    pub(crate) async fn locate(
        &mut self,
        attribute: Attribute,
    ) -> Result<Option<RemoteCharacteristic<'static>>, Error> {
        let known = self.found.iter().find(|found| is_meant(attribute, found));
        match known {
            Some(known) => Ok(Some(*known)),
            None => self.walk(Some(attribute)).await,
        }
    }

    /// Returns handle and UUID of the selected value; no UUID if no characteristic has that handle.
    pub(crate) async fn place(
        &mut self,
        attribute: Attribute,
        doing: &str,
    ) -> Result<(u16, Option<Uuid>), Failure> {
        match (self.locate(attribute).await, attribute) {
            (Ok(Some(found)), _) => Ok((found.handle(), Some(found.uuid()))),
            (Ok(None) | Err(_), Attribute::Handle(handle)) => Ok((handle, None)),
            (Ok(None), Attribute::Uuid(_)) => Err(Error::NotFound).doing(doing),
            (Err(error), Attribute::Uuid(_)) => Err(error).doing(doing),
        }
    }

    /// Discovers characteristics until one is found, or all.
    async fn walk(
        &mut self,
        until: Option<Attribute>,
    ) -> Result<Option<RemoteCharacteristic<'static>>, Error> {
        if self.is_whole {
            return Ok(None);
        }
        self.forget();
        let mut services = self.connection.services();
        while let Some(service) = services.next().await? {
            let mut characteristics = service.characteristics();
            while let Some(found) = characteristics.next().await? {
                self.found.push(found);
                if until.is_some_and(|attribute| is_meant(attribute, &found)) {
                    return Ok(Some(found));
                }
            }
        }
        self.is_whole = true;
        Ok(None)
    }
}

/// Returns whether an attribute is the value of this characteristic.
pub(crate) fn is_meant(attribute: Attribute, found: &RemoteCharacteristic<'_>) -> bool {
    match attribute {
        Attribute::Handle(handle) => handle == found.handle(),
        Attribute::Uuid(uuid) => uuid == found.uuid(),
    }
}
