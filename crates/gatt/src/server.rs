//! The GATT server: one [`Server`] for the host, one [`Peer`] for each link.
//!
//! [`Server::handle_request`] carries out a request exactly once. [`Server::poll_reply`] writes its response when the
//! host is ready to send; until then the host keeps the request's packet. In between, the application may be asked,
//! once or several times:
//!
//! ```text
//! handle_request ─┬─ Reply ───────────────────────────────┬─ poll_reply
//!                 └─ Ask ── asked_value ── handle_answer ─┤
//!                     └──────────── Ask again ────────────┘
//! ```
//!
//! - Inputs: [`Server::handle_request`], [`Server::handle_command`], [`Server::handle_answer`],
//!   [`Server::service_changed_confirmed`].
//! - Application: [`Server::write`], [`Server::read`], [`Server::take_appended`], [`Server::replace`].
//! - Outputs: [`Server::poll_reply`], [`Server::write_service_changed`], [`Server::poll_written`],
//!   [`Server::poll_subscription_change`].

mod access;
mod aware;
mod discover;
mod held;
mod known;
mod long_read;
mod memory;
mod peer;
mod prepare;
mod push;
mod read;
mod reply;
mod request;
mod write;

use bindrune_att::ErrorCode;

pub(crate) use long_read::LongRead;

pub use access::Security;
pub use memory::{PEER_MEMORY, REMEMBERED_CCCDS};
pub use peer::Peer;
pub use peer::WRITER;
pub use prepare::LONG_WRITE;
pub use push::{PushError, SubscriptionChange, Written, write_indication, write_notification};

use crate::{
    capability::{CHANGES, Hash},
    cccd, hash,
    table::{BuiltIn, Characteristic, Service, Table, TableError, Target, built_in},
    value::Values,
};

/// Contents of the GAP service of this device. [Vol 3] Part C, 12
#[derive(Clone, Copy, Debug)]
pub struct GapConfig {
    /// The device name, at most [`built_in::DEVICE_NAME_ROOM`] octets.
    pub device_name: &'static str,
    /// Whether a peer may write the device name.
    pub writable_name: bool,
    /// The appearance, an assigned number.
    pub appearance: u16,
    /// Preferred minimum and maximum connection interval (1.25 ms), latency (events), supervision timeout (10 ms).
    /// 0xFFFF means no preference.
    pub preferred_parameters: [u16; 4],
    /// Whether this device, as a central, can resolve a peer's private address.
    pub central_address_resolution: bool,
}

impl GapConfig {
    /// Creates the contents for a device of unknown appearance and without preferences.
    #[must_use]
    pub const fn new(device_name: &'static str) -> Self {
        Self {
            device_name,
            writable_name: false,
            appearance: 0,
            preferred_parameters: [0xffff, 0xffff, 0, 0xffff],
            central_address_resolution: false,
        }
    }
}

/// Outcome of handling a request.
#[derive(Clone, Copy, Debug)]
#[must_use = "a request must be answered"]
pub enum Verdict {
    /// The reply is pending: pull it with [`Server::poll_reply`].
    Reply,
    /// The application must answer first; pass its answer to [`Server::handle_answer`].
    Ask(Ask),
}

/// A request that the application must answer. For writes, [`Server::asked_value`] returns the value.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Kind of access.
    pub kind: AskKind,
    /// The value that the peer accesses.
    pub target: Target,
    /// The handle of that value.
    pub handle: u16,
}

/// A peer's access to a value that the application holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskKind {
    /// Reads the value. The application answers with the whole value; the server cuts it at the offset and at the
    /// MTU.
    Read {
        /// Offset of the first octet that the peer requested.
        offset: u16,
    },
    /// Writes the value.
    Write {
        /// Offset of the octets; 0 except for a prepared write of a part.
        offset: u16,
        /// Whether a response is expected. False for a command, which is done once it is delivered.
        response: bool,
    },
}

/// The application's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The whole value, for a read.
    Value(&'a [u8]),
    /// The write is accepted.
    Accept,
    /// The request fails with this error.
    Reject(ErrorCode),
}

/// The attributes and the values that the host holds, shared by all links.
#[derive(Debug)]
pub struct Server {
    table: Table,
    places: known::Places,
    values: Values,
    hash: Hash,
    gap: GapValues,
    writable_name: bool,
    peer_share: usize,
    dropped: u32,
    ignored: u32,
    /// Whether a write was captured since the host last asked.
    captured: bool,
}

impl Server {
    /// Creates a server of the built-in services and `services`, with its values in `arena`
    /// ([`crate::table::arena_for`]).
    ///
    /// Each [`Peer`] needs `peer_share` octets ([`crate::table::peer_arena_for`]).
    ///
    /// # Errors
    ///
    /// [`TableError`] if the services do not form a table, or the arena is too small for them.
    pub fn new(
        services: &'static [Service],
        gap: &GapConfig,
        arena: &'static mut [u8],
        peer_share: usize,
    ) -> Result<Self, TableError> {
        let table = Table::new(services, gap.writable_name)?;
        let mut server = Self {
            table,
            places: known::Places::none(),
            values: Values::new(arena),
            hash: hash_of(&table),
            gap: GapValues::new(gap),
            writable_name: gap.writable_name,
            peer_share,
            dropped: 0,
            ignored: 0,
            captured: false,
        };
        server.check_room(&table)?;
        server.values.lay(&table, true);
        server.name_device(gap)?;
        Ok(server)
    }

    /// Resets the server with other services in the same memory; on an error nothing changes. Every [`Peer`] must be
    /// reset too.
    ///
    /// # Errors
    ///
    /// As for [`Self::new`].
    pub fn reset(
        &mut self,
        services: &'static [Service],
        gap: &GapConfig,
    ) -> Result<(), TableError> {
        let table = Table::new(services, gap.writable_name)?;
        self.check_room(&table)?;
        (self.table, self.places) = (table, known::Places::none());
        self.hash = hash_of(&table);
        self.gap = GapValues::new(gap);
        self.writable_name = gap.writable_name;
        (self.dropped, self.ignored, self.captured) = (0, 0, false);
        self.values.lay(&table, true);
        self.name_device(gap)
    }

    /// Returns the table.
    #[must_use]
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the Database Hash as it goes on the air.
    #[must_use]
    pub fn database_hash(&self) -> [u8; 16] {
        self.hash.first_chunk().copied().unwrap_or_default()
    }

    /// Returns the value or descriptor that a question about `handle` refers to.
    #[must_use]
    pub fn target(&self, handle: u16) -> Option<Target> {
        self.attribute(handle)?.attribute.target()
    }

    /// Returns the number of write commands that were dropped because a buffer was full.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Counts a command that was ignored.
    pub const fn ignore(&mut self) {
        self.ignored = self.ignored.saturating_add(1);
    }

    /// Returns the number of write commands that were not carried out: not permitted, of a wrong length, signed, or
    /// from a peer that does not know the present table.
    #[must_use]
    pub const fn ignored(&self) -> u32 {
        self.ignored
    }

    /// Replaces the application's services at run time; on an error nothing changes.
    ///
    /// Their values start anew, and every subscription except that to Service Changed ends. `peers` are all links:
    /// each becomes change-unaware, and gets a Service Changed indication if it subscribed to it. A request that is
    /// waiting for the application is answered with Unlikely Error. [Vol 3] Part G, 2.5.2
    ///
    /// # Errors
    ///
    /// As for [`Self::new`].
    pub fn replace<'p>(
        &mut self,
        services: &'static [Service],
        peers: impl IntoIterator<Item = &'p mut Peer>,
    ) -> Result<(), TableError> {
        let table = Table::new(services, self.writable_name)?;
        self.check_room(&table)?;
        for peer in peers {
            peer.table_replaced();
        }
        (self.table, self.places) = (table, known::Places::none());
        self.hash = hash_of(&table);
        self.values.lay(&table, false);
        Ok(())
    }

    /// Returns the GAP Device Name.
    #[must_use]
    pub fn device_name(&self) -> &[u8] {
        self.value(self.name_characteristic()).unwrap_or_default()
    }

    /// Returns the handle of a characteristic's value.
    #[must_use]
    pub fn handle_of(&self, c: &Characteristic) -> Option<u16> {
        self.place(c).map(|known| known.handle)
    }

    fn name_device(&mut self, gap: &GapConfig) -> Result<(), TableError> {
        let (name, max) = (gap.device_name.as_bytes(), built_in::DEVICE_NAME_ROOM.into());
        let error = TableError::DeviceNameTooLong { have: name.len(), max };
        self.set_device_name(name).map_err(|_| error)
    }

    fn name_characteristic(&self) -> &'static Characteristic {
        if self.writable_name { &built_in::WRITABLE_DEVICE_NAME } else { &built_in::DEVICE_NAME }
    }

    fn check_room(&self, table: &Table) -> Result<(), TableError> {
        let (needed, available) = (table.extent().arena, self.values.capacity());
        if needed > available {
            return Err(TableError::Arena { needed, available });
        }
        let (needed, available) = (cccd::octets_for(table.extent()), self.peer_share);
        if needed > available {
            return Err(TableError::PeerArena { needed, available });
        }
        Ok(())
    }

    /// Returns the value of a built-in attribute that is the same for every peer.
    fn built_in(&self, part: BuiltIn) -> &[u8] {
        match part {
            BuiltIn::Appearance => &self.gap.appearance,
            BuiltIn::PreferredParameters => &self.gap.preferred_parameters,
            BuiltIn::CentralAddressResolution => &self.gap.central_address_resolution,
            BuiltIn::DatabaseHash => &self.hash,
            BuiltIn::ServiceChanged | BuiltIn::ClientSupportedFeatures => &[],
        }
    }

    /// Does what [`Self::replace`] does, with an earlier table whose hash is known.
    #[cfg(any(test, feature = "std"))]
    pub(crate) fn renew(&mut self, (table, hash): (Table, [u8; 16])) {
        (self.table, self.hash) = (table, kept(hash));
        self.values.lay(&table, false);
    }
}

fn hash_of(table: &Table) -> Hash {
    if CHANGES { kept(hash::database_hash(table)) } else { kept([0; 16]) }
}

fn kept(hash: [u8; 16]) -> Hash {
    core::array::from_fn(|at| hash.get(at).copied().unwrap_or_default())
}

/// An error and the attribute that caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failure {
    handle: u16,
    code: ErrorCode,
}

impl Failure {
    const fn new(handle: u16, code: ErrorCode) -> Self {
        Self { handle, code }
    }
}

/// The GAP service's constants in the layout of the wire.
#[derive(Debug)]
struct GapValues {
    appearance: [u8; 2],
    preferred_parameters: [u8; 8],
    central_address_resolution: [u8; 1],
}

impl GapValues {
    fn new(config: &GapConfig) -> Self {
        let mut preferred_parameters = [0; 8];
        let fields = preferred_parameters.chunks_exact_mut(2);
        for (field, number) in fields.zip(config.preferred_parameters) {
            field.copy_from_slice(&number.to_le_bytes());
        }
        Self {
            appearance: config.appearance.to_le_bytes(),
            preferred_parameters,
            central_address_resolution: [config.central_address_resolution.into()],
        }
    }
}

#[cfg(test)]
mod tests;
