//! Two hosts, and the link between them.

use std::rc::Rc;

use anyhow::Result;
use bindrune_bench_null::{Controller, Shared};
use trouble_host::prelude::*;

use crate::{failed, transport::Port};

pub(crate) const PSM: u16 = 0x81;

pub(crate) type External = ExternalController<Port, 10>;
pub(crate) type LinkEnd = Connection<'static, DefaultPacketPool>;
pub(crate) type HostStack = Stack<'static, External, DefaultPacketPool>;

const PERIPHERAL: [u8; 6] = [0xff, 0x8f, 0x1a, 0x05, 0xe4, 0xff];
const CENTRAL: [u8; 6] = [0xff, 0x8f, 0x1b, 0x05, 0xe4, 0xff];

/// Both ends of the link.
pub(crate) struct Link {
    pub(crate) server: &'static HostStack,
    pub(crate) client: &'static HostStack,
    pub(crate) peripheral: LinkEnd,
    pub(crate) central: LinkEnd,
}

impl Link {
    /// Connects two hosts.
    pub(crate) async fn new() -> Result<Self> {
        let controller = Controller::shared();
        let server = run(&controller, 0, PERIPHERAL);
        let client = run(&controller, 1, CENTRAL);
        let accept = async {
            let data = [2, 1, 6];
            let advertisement =
                Advertisement::ConnectableScannableUndirected { adv_data: &data, scan_data: &[] };
            let mut peripheral = server.peripheral();
            let advertiser = peripheral.advertise(&Default::default(), advertisement).await;
            advertiser.map_err(failed)?.accept().await.map_err(failed)
        };
        let peers = [Address::random(PERIPHERAL)];
        let scan_config = ScanConfig { filter_accept_list: &peers, ..Default::default() };
        let config = ConnectConfig { connect_params: Default::default(), scan_config };
        let connect = async {
            tokio::task::yield_now().await;
            client.central().connect(&config).await.map_err(failed)
        };
        let (peripheral, central) = tokio::join!(accept, connect);
        Ok(Self { server, client, peripheral: peripheral?, central: central? })
    }
}

/// A host that runs as long as the program.
fn run(controller: &Shared, side: usize, address: [u8; 6]) -> &'static HostStack {
    let resources: &'static mut HostResources<DefaultPacketPool, 1, 3> =
        Box::leak(Box::new(HostResources::new()));
    let port = Port { controller: Rc::clone(controller), side };
    let stack = trouble_host::new(ExternalController::new(port), resources)
        .set_random_address(Address::random(address))
        .register_l2cap_spsm(PSM)
        .build();
    let stack: &'static HostStack = Box::leak(Box::new(stack));
    let mut runner = stack.runner();
    tokio::task::spawn_local(async move {
        let end = runner.run().await;
        eprintln!("the host stopped: {end:?}");
    });
    stack
}
