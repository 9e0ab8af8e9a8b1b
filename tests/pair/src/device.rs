//! A host on a virtual controller.

use core::cell::Cell;
use std::{
    boxed::Box,
    collections::BTreeMap,
    string::String,
    sync::{Mutex, PoisonError},
    vec::Vec,
};

use bindrune::{
    ClassicConfig, ClassicResources, Config, ControllerCrypto, Crypto, FreePackets, Host, Platform,
    Resources, RunError,
};
use bindrune_controller::{ControllerId, Port, Unplugged, VirtualClock};

use crate::{
    MemoryStore,
    reorder::Reordered,
    tape::{Tape, Tapped},
};

/// Enough memory for every test: 8 links, 24 channels, a window for the longest SDU.
pub type Memory = Resources<8, 24, 420, 32, 264, 16384>;

/// Enough memory for the BR/EDR of every test: the longest datagrams.
pub type ClassicMemory = ClassicResources<3, 8, 70_000, 70_000, 8, 4, 512, 4, 1024>;

/// Hosts of earlier scenes, by their configuration.
static POOL: Mutex<BTreeMap<String, Vec<Host>>> = Mutex::new(BTreeMap::new());

/// Creates a host with its own memory, which is never freed.
#[must_use]
pub fn new_host(config: Config) -> Host {
    Host::new(Box::leak(Box::new(Memory::new())), config).unwrap()
}

/// A host on a virtual controller of a [`crate::Scene`].
pub struct Device {
    host: Option<Host>,
    config: Config,
    id: ControllerId,
    port: Cell<Option<Port>>,
    clock: VirtualClock,
    tape: Tape,
    free: FreePackets,
    chunk: usize,
    store: MemoryStore,
    /// Whether a later scene may use the host.
    is_pooled: bool,
}

impl Device {
    /// Returns a host of the pool, or a new one.
    pub(crate) fn of_pool(config: Config, port: Port, clock: VirtualClock, tape: Tape) -> Self {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        let used = pool.get_mut(&format!("{config:?}")).and_then(Vec::pop);
        drop(pool);
        let host = used.map_or_else(
            || new_host(config),
            |mut host| {
                host.reset(config).unwrap();
                host
            },
        );
        Self::new(host, config, port, clock, tape)
    }

    pub(crate) fn new(
        host: Host,
        config: Config,
        port: Port,
        clock: VirtualClock,
        tape: Tape,
    ) -> Self {
        let (free, id) = (host.free_packets(), port.id());
        Self {
            host: Some(host),
            config,
            id,
            port: Cell::new(Some(port)),
            clock,
            tape,
            free,
            chunk: usize::MAX,
            store: MemoryStore::new(),
            is_pooled: true,
        }
    }

    /// Adds BR/EDR to the host, with memory of its own, which is never freed.
    #[must_use]
    pub fn with_classic(mut self, config: ClassicConfig) -> Self {
        let memory = Box::leak(Box::new(ClassicMemory::new()));
        self.host = self.host.take().map(|host| host.with_classic(memory, config));
        self.is_pooled = false;
        self
    }

    /// Limits each read and write of the port to `octets`.
    #[must_use]
    pub const fn chopped(mut self, octets: usize) -> Self {
        self.chunk = octets;
        self
    }

    /// Uses this store for bonds, instead of an empty one.
    #[must_use]
    pub fn with_store(mut self, store: MemoryStore) -> Self {
        self.store = store;
        self
    }

    /// Resets the host with this configuration; its controller and its store stay.
    pub fn restart(&mut self, config: Config) {
        self.host.as_mut().unwrap().reset(config).unwrap();
        self.config = config;
    }

    /// Returns the store of its bonds.
    #[must_use]
    pub const fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Returns the host.
    #[must_use]
    pub fn host(&self) -> &Host {
        self.host.as_ref().unwrap()
    }

    /// Takes the host out.
    #[must_use]
    pub fn into_host(mut self) -> Host {
        self.host.take().unwrap()
    }

    /// Returns the identity of the controller.
    #[must_use]
    pub const fn id(&self) -> ControllerId {
        self.id
    }

    /// Drives the host on its port, as [`Host::run`] does. It may be dropped and called again.
    pub async fn drive(&self) -> RunError<Unplugged> {
        self.drive_with(ControllerCrypto::random_only()).await
    }

    /// Like [`Self::drive`], with other cryptography.
    pub async fn drive_with(&self, crypto: impl Crypto) -> RunError<Unplugged> {
        let mut borrowed = BorrowedPort { device: self, port: self.port.take() };
        let Some(port) = &mut borrowed.port else { return RunError::AlreadyRunning };
        let (reader, writer) = port.halves();
        let reader = self.tapped(reader);
        let writer = self.tapped(writer);
        let platform = Platform::new().clock(self.clock.clone()).store(self.store.clone());
        let platform = platform.crypto(crypto);
        self.host().run_with(reader, writer, platform).await
    }

    /// Like [`Self::drive`], on a bridge that holds the first event with `code` until an ACL packet has arrived, and
    /// then each further one.
    pub async fn drive_reordered(&self, code: u8) -> RunError<Unplugged> {
        let mut borrowed = BorrowedPort { device: self, port: self.port.take() };
        let Some(port) = &mut borrowed.port else { return RunError::AlreadyRunning };
        let (reader, writer) = port.halves();
        let reader = Reordered::new(self.tapped(reader), code);
        let writer = self.tapped(writer);
        let platform = Platform::new().clock(self.clock.clone()).store(self.store.clone());
        let platform = platform.crypto(ControllerCrypto::random_only());
        self.host().run_with(reader, writer, platform).await
    }

    /// Replaces the port for [`Self::drive`].
    pub fn replug(&self, port: Port) {
        self.port.set(Some(port));
    }

    /// Describes resources of this device that are still in use: links, channels, packets.
    #[must_use]
    pub fn leftovers(&self) -> Option<String> {
        let host = self.host();
        let (links, channels, free) = (host.links(), host.channels(), host.free_packets());
        let left = links != 0 || channels != 0 || free != self.free;
        left.then(|| {
            let Self { id, free: all, .. } = self;
            format!("{id:?}: {links} links, {channels} channels, {free:?} of {all:?}")
        })
    }

    fn tapped<'p, P>(&self, half: &'p mut P) -> Tapped<'p, P> {
        let (tape, clock) = (self.tape.clone(), self.clock.clone());
        Tapped { half, device: self.id, tape, clock, chunk: self.chunk }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let usable = self.is_pooled && !std::thread::panicking();
        if let Some(host) = self.host.take().filter(|_| usable) {
            let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
            pool.entry(format!("{:?}", self.config)).or_default().push(host);
        }
    }
}

/// The port while it is driven; it is returned on drop.
struct BorrowedPort<'d> {
    device: &'d Device,
    port: Option<Port>,
}

impl Drop for BorrowedPort<'_> {
    fn drop(&mut self) {
        if let Some(port) = self.port.take() {
            self.device.port.set(Some(port));
        }
    }
}
