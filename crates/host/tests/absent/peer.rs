//! A central that speaks raw HCI, and requests everything.
#![allow(dead_code, reason = "only the tests of absent capabilities use it")]

use std::future::pending;

#[cfg(feature = "server")]
use bindrune::Service;
use bindrune::{Advertisement, Config, Host, Platform, Resources};
use bindrune_controller::{ControllerConfig, PortReader, PortWriter, World};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embedded_io_async::{Read, Write};

/// The handle of the first link of a virtual controller.
const HANDLE: u8 = 0x40;

/// LE Enhanced Connection Complete of that link.
const CONNECTED: [u8; 6] = [0x04, 0x3e, 0x1f, 0x0a, 0x00, HANDLE];

/// L2CAP channels. [Vol 3] Part A, 2.1
pub(crate) const ATT: u8 = 0x04;
pub(crate) const SIGNALLING: u8 = 0x05;
pub(crate) const SMP: u8 = 0x06;

/// The central, and its link to the host.
#[derive(Debug)]
pub(crate) struct Peer {
    rx: PortReader,
    tx: PortWriter,
}

impl Peer {
    /// Sends an HCI command, and waits until the controller has taken it.
    pub(crate) async fn command(&mut self, opcode: u16, parameters: &[u8]) {
        let [low, high] = opcode.to_le_bytes();
        let mut packet = vec![0x01, low, high, u8::try_from(parameters.len()).unwrap()];
        packet.extend(parameters);
        self.tx.write_all(&packet).await.unwrap();
        while !matches!(self.read().await[..], [0x04, 0x0e, ..] | [0x04, 0x0f, _, 0x00, ..]) {}
    }

    /// Waits for a packet with this prefix, and returns the rest.
    pub(crate) async fn packet(&mut self, start: &[u8]) -> Vec<u8> {
        loop {
            let packet = self.read().await;
            if let Some(rest) = packet.strip_prefix(start) {
                return rest.to_vec();
            }
        }
    }

    async fn read(&mut self) -> Vec<u8> {
        let mut packet = vec![0; 1];
        self.rx.read_exact(&mut packet).await.unwrap();
        let header = if packet == [0x02] { 5 } else { 3 };
        packet.resize(header, 0);
        self.rx.read_exact(&mut packet[1..]).await.unwrap();
        let len = match packet[..] {
            [0x02, _, _, low, high] => u16::from_le_bytes([low, high]),
            [.., len] => len.into(),
            [] => 0,
        };
        packet.resize(header + usize::from(len), 0);
        self.rx.read_exact(&mut packet[header..]).await.unwrap();
        packet
    }

    /// Sends a PDU on an L2CAP channel.
    pub(crate) async fn send(&mut self, channel: u8, pdu: &[u8]) {
        let len = u8::try_from(pdu.len()).unwrap();
        let mut packet = vec![0x02, HANDLE, 0x00, len + 4, 0, len, 0, channel, 0];
        packet.extend(pdu);
        self.tx.write_all(&packet).await.unwrap();
    }

    /// Waits for the next PDU of an L2CAP channel.
    pub(crate) async fn receive(&mut self, channel: u8) -> Vec<u8> {
        loop {
            let packet = self.packet(&[0x02, HANDLE]).await;
            if let [_, _, _, _, _, cid, 0, pdu @ ..] = &packet[..]
                && *cid == channel
            {
                return pdu.to_vec();
            }
        }
    }

    /// Sends a PDU, and waits for the next one of its channel.
    pub(crate) async fn ask(&mut self, channel: u8, pdu: &[u8]) -> Vec<u8> {
        self.send(channel, pdu).await;
        self.receive(channel).await
    }

    pub(crate) const fn new(rx: PortReader, tx: PortWriter) -> Self {
        Self { rx, tx }
    }

    /// Resets the controller, and advertises. Returns the controller's address, as it is
    /// written.
    pub(crate) async fn advertise(&mut self) -> [u8; 6] {
        self.command(0x0c03, &[]).await;
        self.command(0x0c01, &[0xff; 8]).await;
        self.command(0x2001, &[0xff; 8]).await;
        self.tx.write_all(&[0x01, 0x09, 0x10, 0x00]).await.unwrap();
        let mut address = self.packet(&[0x04, 0x0e, 0x0a, 0x01, 0x09, 0x10, 0x00]).await;
        self.command(0x2006, &[0x20, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0]).await;
        self.command(0x200a, &[1]).await;
        address.reverse();
        address.try_into().unwrap()
    }

    /// Waits until a central is connected.
    pub(crate) async fn connected(&mut self) {
        self.packet(&CONNECTED).await;
    }

    /// Resets the controller, and connects to this address.
    pub(crate) async fn connect(&mut self, address: [u8; 6]) {
        self.command(0x0c03, &[]).await;
        self.command(0x0c01, &[0xff; 8]).await;
        self.command(0x2001, &[0xff; 8]).await;
        let mut create = vec![0x60, 0x00, 0x60, 0x00, 0x00, 0x00];
        create.extend(address);
        create.extend([0x00, 0x18, 0x00, 0x18, 0x00, 0x00, 0x00, 0x64, 0x00, 0, 0, 0, 0]);
        self.command(0x200d, &create).await;
        self.connected().await;
    }
}

/// Runs a test on a link between a raw central and a host, which advertises.
pub(crate) fn with_peer<T>(test: impl AsyncFnOnce(&Host, Peer) -> T) -> T {
    with_config(Config::new("absent"), test)
}

/// As [`with_peer`], with these services.
#[cfg(feature = "server")]
pub(crate) fn with_services<T>(
    services: &'static [Service],
    test: impl AsyncFnOnce(&Host, Peer) -> T,
) -> T {
    with_config(Config::new("absent").services(services), test)
}

/// As [`with_peer`], with this configuration.
pub(crate) fn with_config<T>(config: Config, test: impl AsyncFnOnce(&Host, Peer) -> T) -> T {
    let resources = Box::leak(Box::new(Resources::<1>::new()));
    let host = Host::new(resources, config).unwrap();
    let world = World::new(1);
    let (port, other) = (world.add(ControllerConfig::new()), world.add(ControllerConfig::new()));
    let id = port.id();
    let (rx, tx) = port.split();
    let run = host.run_with(rx, tx, Platform::new().clock(world.clock()));
    let serve = async {
        let mut link = host.advertise(&Advertisement::connectable()).await.unwrap();
        loop {
            link.next().await;
        }
    };
    let (rx, tx) = other.split();
    let test = async {
        let address = host.controller().await.unwrap().address;
        let mut peer = Peer::new(rx, tx);
        peer.connect(address.octets()).await;
        test(&host, peer).await
    };
    let result = world.block_on(async {
        match select(join(run, serve), test).await {
            Either::First(_) => pending().await,
            Either::Second(result) => result,
        }
    });
    assert!(world.violations(id).is_none(), "{:?}", world.violations(id));
    result
}
