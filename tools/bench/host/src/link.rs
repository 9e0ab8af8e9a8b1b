//! Two hosts, and the link between them.

use anyhow::Result;
use bindrune::{Advertisement, Config, Connection, Host, Resources, Service};
use bindrune_bench_null::{Controller, Shared, split};

/// Bytes of a buffer of the driver: on a desktop, and on a microcontroller with room for an ACL packet and an event or
/// a command.
pub(crate) const BUFFER: usize = if cfg!(feature = "std") { 4096 } else { 520 };

/// Memory with this many receive packets.
type Memory<const RX: usize> = Resources<1, 1, RX, 8, 264, 8192, BUFFER, BUFFER>;

/// Both ends of the link.
pub(crate) struct Link {
    pub(crate) host: &'static Host,
    pub(crate) peripheral: Connection<'static>,
    pub(crate) central: Connection<'static>,
}

impl Link {
    /// Connects two hosts. The advertising one has `services`.
    pub(crate) async fn new(services: &'static [Service]) -> Result<Self> {
        Self::with_packets::<16>(services).await
    }

    /// Like [`Self::new`], with `RX` receive packets.
    pub(crate) async fn with_packets<const RX: usize>(
        services: &'static [Service],
    ) -> Result<Self> {
        let controller = Controller::shared();
        let server = run::<RX>(Config::new("tb").services(services), &controller, 0)?;
        let client = run::<RX>(Config::new("tc"), &controller, 1)?;
        let address = server.controller().await?.address;
        client.controller().await?;
        let advertisement = Advertisement::connectable();
        let connect = async {
            tokio::task::yield_now().await;
            client.connect(&address).await
        };
        let (peripheral, central) = tokio::join!(server.advertise(&advertisement), connect);
        Ok(Self { host: server, peripheral: peripheral?, central: central? })
    }
}

/// Returns a host that lives as long as the program.
fn run<const RX: usize>(config: Config, controller: &Shared, side: usize) -> Result<&'static Host> {
    let memory = Box::leak(Box::new(Memory::<RX>::new()));
    let host: &'static Host = Box::leak(Box::new(Host::new(memory, config)?));
    let (receiver, sender) = split(controller, side);
    tokio::task::spawn_local(async move {
        let end = host.run(receiver, sender).await;
        eprintln!("the host stopped: {end:?}");
    });
    Ok(host)
}
