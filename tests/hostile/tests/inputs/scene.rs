//! Setting of the rows: a host with a table, links, scanners and channels.

use std::{cell::RefCell, rc::Rc};

use bindrune::{
    Address, Advertisement, Channel, ChannelConfig, Characteristic, Config, Connect, Connection,
    Error, ErrorCode, Event, FreePackets, Host, Level, Psm, Resources, Scan, Service, Uuid,
};
use bindrune_corpus::Row;
use bindrune_hostile::{Bench, Controller, Outcome, Store, acl, l2cap};

use crate::parts;

pub(crate) const LINK: u16 = 0x40;
pub(crate) const ATT: u16 = 4;
pub(crate) const SIGNALLING: u16 = 5;
/// The peer of the links.
pub(crate) const PEER: Address = Address::public([0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);

/// Ten octets that are read and written.
pub(crate) static VALUE: Characteristic =
    Characteristic::new(Uuid::new_16(0xff01)).read().write().value(b"0123456789").max_len(512);
/// Values of 18 and 30 octets.
pub(crate) static EIGHTEEN: Characteristic =
    Characteristic::new(Uuid::new_16(0xff02)).read().value(&[b'e'; 18]);
pub(crate) static THIRTY: Characteristic =
    Characteristic::new(Uuid::new_16(0xff03)).read().value(&[b't'; 30]);
/// A value that a peer can subscribe to.
pub(crate) static LEVEL: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a19)).read().notify().indicate().value(&[100]);
/// A value that needs encryption.
pub(crate) static SECRET: Characteristic = Characteristic::new(Uuid::new_16(0xff04))
    .read()
    .notify()
    .value(&[1])
    .permission(Level::Encrypted);
/// A value that needs LE Secure Connections, and nothing else.
pub(crate) static STRICT: Characteristic = Characteristic::new(Uuid::new_16(0xff05))
    .read()
    .value(&[2])
    .permission(Level::SecureConnections);
/// A value whose writes the application refuses with 0x80.
pub(crate) static ASKED: Characteristic = Characteristic::new(Uuid::new_16(0xff06)).write();
static SERVICES: &[Service] = &[Service::primary(
    Uuid::new_16(0xff00),
    &[&VALUE, &EIGHTEEN, &THIRTY, &LEVEL, &SECRET, &STRICT, &ASKED],
)];

/// The device name, at handle 3 of the table.
pub(crate) const NAME: &[u8] = b"ten octets";
/// Receive parameters of the channels of these tests: the window of the rows.
pub(crate) const CHANNEL: ChannelConfig = ChannelConfig { mtu: Some(100), mps: 64, window: 4 };
pub(crate) const PSM: Psm = Psm(0x80);

pub(crate) type B = Bench<'static>;

pub(crate) fn config() -> Config {
    Config::new("ten octets").services(SERVICES).exchange_mtu(false)
}

pub(crate) fn host() -> Host {
    host_with(config())
}

pub(crate) fn host_with(config: Config) -> Host {
    let resources = Box::leak(Box::new(Resources::<2, 4, 40, 12, 264, 2048>::new()));
    Host::new(resources, config).unwrap()
}

/// Returns a host that was set up on this controller; the commands of the set-up are dropped.
pub(crate) fn idle_on(controller: Controller) -> B {
    set_up(Bench::new(Box::leak(Box::new(host())), controller))
}

/// Returns a host with this configuration, which keeps its bonds in this store.
pub(crate) fn idle_with(config: Config, store: Store) -> B {
    let host = Box::leak(Box::new(host_with(config)));
    set_up(Bench::with_store(host, Controller::new(), store))
}

/// Like [`idle_with`], but all links share one slot for pairings.
pub(crate) fn idle_with_one_pairing(config: Config, store: Store) -> B {
    let resources = Resources::<2, 4, 40, 12, 264, 2048, 4096, 4096, 1>::new();
    let host = Host::new(Box::leak(Box::new(resources)), config).unwrap();
    set_up(Bench::with_store(Box::leak(Box::new(host)), Controller::new(), store))
}

fn set_up(mut b: B) -> B {
    let host = b.host;
    assert!(b.spawn(host.controller()).take().is_ok());
    b.sent();
    b
}

pub(crate) fn idle() -> B {
    idle_on(Controller::new())
}

/// LE Connection Complete: we are the peripheral (1) or the central (0).
pub(crate) fn connection_complete(handle: u16, role: u8) -> Vec<u8> {
    connection_with(PEER, handle, role)
}

fn connection_with(peer: Address, handle: u16, role: u8) -> Vec<u8> {
    let mut event = vec![0x04, 0x3e, 0x13, 0x01, 0x00];
    event.extend(handle.to_le_bytes());
    event.extend([role, peer.hci_kind()]);
    event.extend(peer.octets());
    event.extend([0x18, 0, 0, 0, 0x48, 0, 0]);
    event
}

pub(crate) type Log = Rc<RefCell<Vec<String>>>;

/// Advertises for a link; then records its events until it ends. Returns the connection's handle as soon as it is up.
pub(crate) fn advertise<'h>(
    b: &mut Bench<'h>,
) -> (Outcome<()>, Rc<RefCell<Option<Connection<'h>>>>, Log) {
    let (slot, log) = (Rc::new(RefCell::new(None)), Log::default());
    let (conn, events, host) = (slot.clone(), log.clone(), b.host);
    let task = b.spawn(async move {
        let Ok(link) = host.advertise(&Advertisement::connectable()).await else { return };
        *conn.borrow_mut() = Some(link.clone());
        drain(link, events).await;
    });
    (task, slot, log)
}

/// Records the events of a link until it ends.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other events are recorded")]
pub(crate) async fn drain(mut link: Connection<'_>, events: Log) {
    loop {
        match link.next().await {
            Event::Write(write) if write.is(&ASKED) => write.reject(ErrorCode(0x80)),
            Event::Disconnected(reason) => {
                events.borrow_mut().push(format!("Disconnected({:02x})", reason.0));
                return;
            }
            event => events.borrow_mut().push(format!("{event:?}")),
        }
    }
}

/// A host with a link as peripheral, on handle 0x0040.
pub(crate) struct Linked {
    pub(crate) b: B,
    pub(crate) conn: Connection<'static>,
    pub(crate) log: Log,
    free: FreePackets,
}

/// Brings up a link as peripheral.
pub(crate) fn link<'h>(b: &mut Bench<'h>, handle: u16) -> (Connection<'h>, Log) {
    link_with(b, PEER, handle)
}

/// Brings up a link as peripheral with another peer.
pub(crate) fn link_with<'h>(
    b: &mut Bench<'h>,
    peer: Address,
    handle: u16,
) -> (Connection<'h>, Log) {
    let (_, conn, log) = advertise(b);
    b.inject(&connection_with(peer, handle, 1));
    let conn = conn.borrow_mut().take().unwrap_or_else(|| panic!("no link"));
    b.sent();
    (conn, log)
}

/// Brings up a link as central; keeps the commands for it.
pub(crate) fn link_as_central(b: &mut B) -> (Connection<'static>, Log) {
    let host = b.host;
    let connected = b.spawn(async move { host.connect_with(&Connect::to(PEER), &[]).await });
    b.inject(&connection_complete(LINK, 0));
    let (conn, log) = (connected.take().unwrap(), Log::default());
    b.spawn(drain(conn.clone(), log.clone()));
    (conn, log)
}

pub(crate) fn linked_on(mut b: B) -> Linked {
    let (conn, log) = link(&mut b, LINK);
    Linked::new(b, conn, log)
}

pub(crate) fn linked() -> Linked {
    linked_on(idle())
}

impl Linked {
    pub(crate) fn new(b: B, conn: Connection<'static>, log: Log) -> Self {
        let free = b.host.free_packets();
        Self { b, conn, log, free }
    }

    /// Sends an ATT PDU from the peer.
    pub(crate) fn att(&mut self, pdu: &[u8]) {
        self.b.inject(&acl(LINK, &l2cap(ATT, pdu)));
    }

    /// Sends a C-frame from the peer.
    pub(crate) fn signal(&mut self, pdu: &[u8]) {
        self.b.inject(&acl(LINK, &l2cap(SIGNALLING, pdu)));
    }

    /// Checks that the host does not answer the row, and keeps nothing of it.
    #[track_caller]
    pub(crate) fn ignores(mut self, row: &Row) {
        for part in parts(row) {
            self.b.inject(&part);
            self.b.expect_silence();
        }
        self.is_as_before();
    }

    /// Checks that each part of the row is answered by one ATT PDU.
    #[track_caller]
    pub(crate) fn answers(mut self, row: &Row, answers: &[&[u8]]) {
        let parts = parts(row);
        assert_eq!(parts.len(), answers.len());
        for (part, answer) in parts.iter().zip(answers) {
            self.b.inject(part);
            self.b.expect(ATT, &[answer]);
        }
        self.is_as_before();
    }

    /// Checks that each part of the row is answered by one command on the signalling channel.
    #[track_caller]
    pub(crate) fn signals(mut self, row: &Row, answers: &[&[u8]]) {
        let parts = parts(row);
        assert_eq!(parts.len(), answers.len());
        for (part, answer) in parts.iter().zip(answers) {
            self.b.inject(part);
            self.b.expect(SIGNALLING, &[answer]);
        }
        self.is_as_before();
    }

    /// Checks that a valid request is answered, that the link is up, and that the same packets are free as before.
    #[track_caller]
    pub(crate) fn is_as_before(&mut self) {
        works(&mut self.b, LINK);
        assert!(self.conn.is_connected());
        assert_eq!(self.b.host.free_packets(), self.free);
    }

    /// Returns the handle of a characteristic's value.
    pub(crate) fn handle(&self, of: &'static Characteristic) -> u16 {
        self.b.host.gatt().handle(of).unwrap()
    }
}

/// Checks that a valid request on a link is answered.
#[track_caller]
pub(crate) fn works(b: &mut Bench<'_>, handle: u16) {
    b.sent();
    b.inject(&acl(handle, &l2cap(ATT, &[0x0a, 3, 0])));
    let answer = l2cap(ATT, &[&[0x0b], NAME].concat());
    assert_eq!(b.frames(), [(handle, answer)], "a valid request");
}

/// Checks that the host advertises, takes a link, and serves it.
#[track_caller]
pub(crate) fn is_usable(b: &mut Bench<'_>) {
    let (conn, _) = link(b, 0x0bee);
    works(b, 0x0bee);
    let ended = b.spawn(async move { conn.disconnect().await });
    assert_eq!(ended.take(), Ok(()));
}

/// Checks that an idle host does not answer the row, and is usable afterwards.
#[track_caller]
pub(crate) fn idle_ignores(row: &Row) -> B {
    let mut b = idle();
    let free = b.host.free_packets();
    for part in parts(row) {
        b.inject(&part);
        b.expect_silence();
    }
    assert_eq!(b.host.free_packets(), free);
    is_usable(&mut b);
    assert_eq!(b.host.free_packets(), free);
    b
}

/// A report in the form that the application gets.
pub(crate) struct Seen {
    pub(crate) address: Option<Address>,
    pub(crate) data: Vec<u8>,
    pub(crate) rssi: Option<i8>,
    pub(crate) truncated: bool,
}

pub(crate) type Reports = Rc<RefCell<Vec<Seen>>>;

/// Returns a scanning host, and the reports that it has read.
pub(crate) fn scanning(controller: Controller) -> (B, Reports) {
    let mut b = idle_on(controller);
    let reports = Reports::default();
    let (seen, host) = (reports.clone(), b.host);
    b.spawn(async move {
        let mut scanner = host.scan(&Scan::passive()).unwrap();
        let mut buffer = [0; 1650];
        while let Ok(report) = scanner.next(&mut buffer).await {
            seen.borrow_mut().push(Seen {
                address: report.address,
                data: report.data.to_vec(),
                rssi: report.rssi,
                truncated: report.flags.contains(bindrune::ReportFlags::TRUNCATED),
            });
        }
    });
    b.sent();
    (b, reports)
}

/// Replaces the handles of a row by handles of this table: in requests with one handle, and in Read Multiple.
pub(crate) fn retarget(packet: &[u8], handles: &[(u16, u16)]) -> Vec<u8> {
    const OPCODE: usize = 9;
    let mut packet = packet.to_vec();
    let named = match packet[OPCODE] {
        0x0e | 0x20 => (packet.len() - OPCODE - 1) / 2,
        0x18 => 0,
        _ => 1,
    };
    for place in (0..named).map(|n| OPCODE + 1 + 2 * n) {
        let found = u16::from_le_bytes([packet[place], packet[place + 1]]);
        if let Some((_, to)) = handles.iter().find(|(from, _)| *from == found) {
            packet[place..place + 2].copy_from_slice(&to.to_le_bytes());
        }
    }
    packet
}

/// SDUs, and the error after them.
pub(crate) type Received = Vec<Result<Vec<u8>, Error>>;

/// A channel that the peer opened; our CID is 0x0040.
pub(crate) struct Opened {
    pub(crate) link: Linked,
    pub(crate) channel: Channel<'static>,
}

/// Opens a channel from the peer's CID, with this number of credits for us.
pub(crate) fn opened_by(cid: u8, credits: u16) -> Opened {
    let mut link = linked();
    let host = link.b.host;
    let accepted = link.b.spawn(async move {
        let mut listener = host.listen(PSM, CHANNEL).unwrap();
        listener.accept().await
    });
    let mut request = vec![0x14, 0xcc, 10, 0, 0x80, 0, cid, 0, 100, 0, 64, 0];
    request.extend(credits.to_le_bytes());
    link.signal(&request);
    let response = [0x15, 0xcc, 10, 0, 0x40, 0, 100, 0, 64, 0, 4, 0, 0, 0];
    link.b.expect(SIGNALLING, &[&response]);
    let (_, channel) = accepted.take().unwrap();
    Opened { link, channel }
}

/// Opens a channel from the peer's CID 0x0041.
pub(crate) fn opened() -> Opened {
    opened_by(0x41, 4)
}

impl Opened {
    /// Checks that an SDU of the peer still arrives.
    #[track_caller]
    pub(crate) fn carries(self) {
        let Self { mut link, mut channel } = self;
        link.b.inject(&acl(LINK, &l2cap(0x40, &[3, 0, b'a', b'b', b'c'])));
        let received = link.b.spawn(async move {
            let mut sdu = [0; 8];
            let len = channel.recv(&mut sdu).await;
            (len, sdu, channel)
        });
        let (len, sdu, _channel) = received.take();
        assert_eq!((len, &sdu[..3]), (Ok(3), &b"abc"[..]));
        works(&mut link.b, LINK);
    }

    /// Receives all SDUs of the channel, and the error after them.
    pub(crate) fn receive(self) -> (Linked, Outcome<Received>) {
        let Self { mut link, mut channel } = self;
        let received = link.b.spawn(async move {
            let (mut all, mut buffer) = (Vec::new(), [0; 256]);
            loop {
                let sdu = channel.recv(&mut buffer).await.map(|len| buffer[..len].to_vec());
                let ended = sdu.is_err();
                all.push(sdu);
                if ended {
                    return all;
                }
            }
        });
        (link, received)
    }
}
