//! A tester: drives `bindrune btp` by the protocol alone.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use bindrune::Address;
use bindrune_btp::{
    Command, Decoder, Event, NO_CONTROLLER, Packet, Response, Service, Status, base,
    frame::Frame,
    gap::{self, AdvertisingData, OwnAddress, discovery},
    gatt, l2cap,
};

use crate::{
    air::air,
    run::{Run, Running},
};

/// The connection to one host.
pub(crate) struct Client {
    stream: TcpStream,
    decoder: Decoder,
    events: VecDeque<Event>,
}

impl Client {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
        stream.set_nodelay(true).expect("no delay");
        let mut client = Self { stream, decoder: Decoder::new(), events: VecDeque::new() };
        client.event(|event| (*event == Event::Core(base::Event::IutReady {})).then_some(()));
        client
    }

    /// Registers all services.
    pub(crate) fn register(&mut self) {
        for service in [Service::GAP, Service::GATT, Service::L2CAP] {
            self.ok(base::Command::RegisterService { service: service.0 });
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the program reads");
    }

    /// Waits for the next packet.
    pub(crate) fn packet(&mut self) -> Packet {
        let mut block = [0; 4096];
        loop {
            if let Some(frame) = self.decoder.next_frame() {
                let Frame::Packet(packet) = frame else { panic!("{frame:?}") };
                return packet;
            }
            let read = self.stream.read(&mut block);
            if read.as_ref().is_err_and(|error| error.kind() == ErrorKind::Interrupted) {
                continue;
            }
            let len = read.expect("an answer in time");
            assert!(len > 0, "the program closed the connection");
            self.decoder.push(&block[..len]);
        }
    }

    /// Waits for the next packet that is no event.
    pub(crate) fn response(&mut self) -> Packet {
        loop {
            let packet = self.packet();
            if !packet.is_event() {
                return packet;
            }
            self.events.push_back(Event::parse(&packet).expect("an event"));
        }
    }

    /// Sends a command, and returns the response or the status.
    pub(crate) fn command(&mut self, command: impl Into<Command>) -> Result<Response, Status> {
        let command = command.into();
        let of_controller = !matches!(
            command,
            Command::Core(_)
                | Command::Gap(
                    gap::Command::ReadSupportedCommands {} | gap::Command::ReadIndexList {}
                )
        );
        let index = if of_controller { 0 } else { NO_CONTROLLER };
        let packet = command.packet(index);
        self.write(&packet.bytes());
        let response = self.response();
        assert_eq!((response.service, response.index), (packet.service, index));
        if let Some(status) = response.status() {
            return Err(status);
        }
        assert_eq!(response.opcode, packet.opcode, "{command:?}");
        Ok(Response::parse(&response).expect("a response"))
    }

    /// Sends a command that succeeds.
    #[track_caller]
    pub(crate) fn ok(&mut self, command: impl Into<Command>) -> Response {
        let command = command.into();
        match self.command(command.clone()) {
            Ok(response) => response,
            Err(status) => panic!("{command:?}: {status:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn gap(&mut self, command: gap::Command) -> gap::Response {
        let Response::Gap(response) = self.ok(command) else { panic!("another service") };
        response
    }

    #[track_caller]
    pub(crate) fn gatt(&mut self, command: gatt::Command) -> gatt::Response {
        let Response::Gatt(response) = self.ok(command) else { panic!("another service") };
        response
    }

    #[track_caller]
    pub(crate) fn l2cap(&mut self, command: l2cap::Command) -> l2cap::Response {
        let Response::L2cap(response) = self.ok(command) else { panic!("another service") };
        response
    }

    /// Waits for an event; earlier ones that are not it stay queued.
    #[track_caller]
    pub(crate) fn event<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> T {
        if let Some((place, picked)) =
            self.events.iter().enumerate().find_map(|(place, e)| Some((place, pick(e)?)))
        {
            self.events.remove(place);
            return picked;
        }
        loop {
            let packet = self.packet();
            assert!(packet.is_event(), "{packet:?}");
            let event = Event::parse(&packet).expect("an event");
            if let Some(picked) = pick(&event) {
                return picked;
            }
            self.events.push_back(event);
        }
    }

    #[track_caller]
    pub(crate) fn gap_event<T>(&mut self, pick: impl Fn(&gap::Event) -> Option<T>) -> T {
        self.event(|event| if let Event::Gap(event) = event { pick(event) } else { None })
    }

    /// Waits for a new security level.
    #[track_caller]
    pub(crate) fn level(&mut self) -> u8 {
        self.gap_event(|event| match event {
            gap::Event::SecurityChanged { level, .. } => Some(*level),
            _ => None,
        })
    }

    /// Waits until a pairing is complete, with its keys.
    #[track_caller]
    pub(crate) fn paired(&mut self) {
        self.gap_event(|event| matches!(event, gap::Event::IdentityResolved { .. }).then_some(()));
    }

    /// Forgets the events that no test waits for.
    pub(crate) fn forget(&mut self) {
        self.events.clear();
    }
}

/// Two hosts on one air, each with its tester.
pub(crate) struct Hosts {
    pub(crate) one: Client,
    pub(crate) two: Client,
    _running: [Running; 3],
}

/// A host that listens, and its tester.
pub(crate) fn listening(transport: &str, options: &str) -> (Client, Running) {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let port = free.port();
    let words = format!("-t {transport} btp --json --listen tcp:{port} {options}");
    let mut program = Running::start(&words);
    program.until("listening");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    (Client::new(stream), program)
}

impl Hosts {
    /// Starts them: one listens, the other connects to its tester, as it does for auto-pts.
    pub(crate) fn new(options: &str) -> Self {
        let (air, ours, theirs) = air("");
        let (mut one, first) = listening(&ours, options);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let second =
            Running::start(&format!("-t {theirs} btp --json --connect tcp:{address} {options}"));
        let mut two = Client::new(listener.accept().expect("a connection").0);
        one.register();
        two.register();
        Self { one, two, _running: [air, first, second] }
    }

    /// Lets the second advertise and the first connect; returns the addresses of the first and the second.
    pub(crate) fn link(&mut self) -> (Address, Address) {
        let peer = self.found();
        let own_address = OwnAddress::IDENTITY;
        self.one.gap(gap::Command::Connect { peer, own_address });
        let connected = |event: &gap::Event| match event {
            gap::Event::Connected { peer, .. } => Some(*peer),
            _ => None,
        };
        assert_eq!(self.one.gap_event(connected), peer);
        (self.two.gap_event(connected), peer)
    }

    /// Lets the second advertise, and the first find it.
    pub(crate) fn found(&mut self) -> Address {
        const NAME: &[u8] = b"\x09\x06tester";
        self.two.gap(gap::Command::SetConnectable { on: true });
        self.two.gap(gap::Command::SetDiscoverable { mode: 1 });
        let data = AdvertisingData { data: NAME.to_vec(), scan_response: Vec::new() };
        let own_address = OwnAddress::IDENTITY;
        self.two.gap(gap::Command::StartAdvertising { data, duration: u32::MAX, own_address });
        self.one.gap(gap::Command::StartDiscovery { flags: discovery::LE | discovery::ACTIVE });
        let peer = self.one.gap_event(|event| match event {
            gap::Event::DeviceFound { peer, data, .. } if data.0.ends_with(b"tester") => {
                assert_eq!(&data.0[..3], [2, 1, 6], "the flags");
                Some(*peer)
            }
            _ => None,
        });
        self.one.gap(gap::Command::StopDiscovery {});
        peer
    }

    /// Ends the link.
    pub(crate) fn unlink(&mut self, peer: Address) {
        self.one.gap(gap::Command::Disconnect { peer });
        for client in [&mut self.one, &mut self.two] {
            client
                .gap_event(|event| matches!(event, gap::Event::Disconnected { .. }).then_some(()));
            client.forget();
        }
    }
}

/// A path for the socket of one test.
pub(crate) fn socket_path(name: &str) -> std::path::PathBuf {
    let path = Run::folder("btp").join(name);
    let _ = std::fs::remove_file(&path);
    path
}
