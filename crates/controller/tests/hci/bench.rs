//! Hosts that speak raw HCI, on virtual controllers in virtual time.
use bindrune_controller::{Air, ControllerConfig, ControllerId};
use bindrune_hci::{
    AdvertisingType, Command, DeviceAddress, Event, FilterPolicy, OwnAddressType,
    cmd::{COMMAND_MAX, baseband, le},
    event::{ClassicEvent, EVENT_MAX, EventCode},
};
use bindrune_wire::{Address, Writer};
use embassy_time::{Duration, Instant};

pub(crate) const MS: fn(u64) -> Duration = Duration::from_millis;

/// An air, and all packets from its controllers to their hosts.
pub(crate) struct Bench {
    pub(crate) air: Air,
    pub(crate) now: Instant,
    /// Time in microseconds, controller, H4 packet.
    pub(crate) trace: Vec<(u64, ControllerId, Vec<u8>)>,
}

impl Bench {
    pub(crate) fn new(seed: u64) -> Self {
        Self { air: Air::new(seed), now: Instant::from_ticks(0), trace: Vec::new() }
    }

    /// Adds a controller that was reset and may send all events.
    pub(crate) fn add(&mut self, config: ControllerConfig) -> ControllerId {
        let id = self.air.add(config);
        self.start(id);
        id
    }

    pub(crate) fn start(&mut self, id: ControllerId) {
        self.ok(id, &baseband::Reset);
        self.ok(id, &baseband::SetEventMask { mask: u64::MAX.into() });
        self.ok(id, &le::SetEventMask { mask: u64::MAX.into() });
    }

    /// Lets `time` pass, while the hosts read.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
    }

    /// Moves to the next deadline; false if that is `end`.
    pub(crate) fn step(&mut self, end: Instant) -> bool {
        let next = self.air.poll_timeout().filter(|&at| at <= end);
        self.now = next.unwrap_or(end).max(self.now);
        self.air.handle_timeout(self.now);
        self.read();
        next.is_some()
    }

    pub(crate) fn read(&mut self) {
        for id in self.air.ids() {
            while let Some(packet) = self.air.transmit(id) {
                check(&packet);
                self.trace.push((self.now.as_micros(), id, packet));
            }
        }
    }

    pub(crate) fn send(&mut self, id: ControllerId, octets: &[u8]) {
        self.air.receive(id, self.now, octets);
        self.read();
    }

    pub(crate) fn acl(&mut self, id: ControllerId, handle: u16, octets: &[u8]) {
        let mut packet = vec![0x02];
        packet.extend(handle.to_le_bytes());
        packet.extend((octets.len() as u16).to_le_bytes());
        packet.extend(octets);
        self.send(id, &packet);
    }

    /// Sends a command and returns its answer: the return parameters, or the status of Command Status.
    pub(crate) fn command(&mut self, id: ControllerId, command: &impl Command) -> Vec<u8> {
        self.raw(id, &octets(command))
    }

    pub(crate) fn raw(&mut self, id: ControllerId, command: &[u8]) -> Vec<u8> {
        let from = self.trace.len();
        self.send(id, command);
        let end = self.now + MS(100);
        loop {
            let answer = self.trace[from..].iter().find_map(|(_, to, packet)| match &packet[..] {
                [4, 0x0e, _, _, a, b, rest @ ..] if *to == id && [*a, *b] == command[1..3] => {
                    Some(rest.to_vec())
                }
                [4, 0x0f, _, status, _, a, b] if *to == id && [*a, *b] == command[1..3] => {
                    Some(vec![*status])
                }
                _ => None,
            });
            if let Some(answer) = answer {
                return answer;
            }
            assert!(self.step(end), "no answer to {command:02x?}");
        }
    }

    pub(crate) fn ok(&mut self, id: ControllerId, command: &impl Command) -> Vec<u8> {
        let answer = self.command(id, command);
        assert_eq!(answer[0], 0, "{:02x?} was refused", octets(command));
        answer
    }

    /// Returns the first packet for a host that satisfies `f`, within `time`; drops it and all earlier packets.
    pub(crate) fn wait<T>(
        &mut self,
        id: ControllerId,
        time: Duration,
        f: impl Fn(&[u8]) -> Option<T>,
    ) -> T {
        let end = self.now + time;
        loop {
            let hit = |(_, to, packet): &(u64, ControllerId, Vec<u8>)| {
                if *to == id { f(packet) } else { None }
            };
            if let Some(index) = self.trace.iter().position(|entry| hit(entry).is_some()) {
                let found = hit(&self.trace[index]).unwrap();
                self.trace.drain(..=index);
                return found;
            }
            assert!(self.step(end), "waited in vain on {id:?}");
        }
    }

    /// Waits for an event that begins with this code and these parameters.
    pub(crate) fn event(&mut self, id: ControllerId, code: u8, start: &[u8]) -> Vec<u8> {
        self.wait(id, MS(60_000), |packet| match packet {
            [4, c, _, rest @ ..] if *c == code && rest.starts_with(start) => Some(rest.to_vec()),
            _ => None,
        })
    }

    /// Starts legacy advertising of `id`, connectable, every 30 ms.
    pub(crate) fn advertise(&mut self, id: ControllerId, data: &[u8]) {
        self.ok(id, &advertising_parameters());
        let data = le::LegacyData::new(data).unwrap();
        self.ok(id, &le::SetAdvertisingData { data });
        self.ok(id, &le::SetAdvertisingEnable { enable: 1 });
    }

    /// Connects `central` to `peripheral`, which advertises; returns both handles.
    pub(crate) fn connect(
        &mut self,
        central: ControllerId,
        peripheral: ControllerId,
        connection: le::ConnectionParameters,
    ) -> (u16, u16) {
        self.advertise(peripheral, b"");
        self.ok(central, &create(address(peripheral), connection));
        let handle = |e: &[u8]| match e {
            [4, 0x3e, _, 0x0a, 0, a, b, ..] => Some(u16::from_le_bytes([*a, *b])),
            _ => None,
        };
        let end = self.now + MS(10_000);
        loop {
            let found = |id| {
                let mut of = self.trace.iter().filter(|(_, to, _)| *to == id);
                of.find_map(|(_, _, packet)| handle(packet))
            };
            if let (Some(a), Some(b)) = (found(central), found(peripheral)) {
                self.trace.clear();
                return (a, b);
            }
            assert!(self.step(end), "no connection");
        }
    }
}

/// The one event that hosts of this workspace never cause.
const QOS_SETUP_COMPLETE: EventCode = EventCode(0x0d);

/// Checks that the host reads each event as it was written.
fn check(packet: &[u8]) {
    let [4, code, _, parameters @ ..] = packet else { return };
    let event = Event::parse(EventCode(*code), parameters);
    let event = event.unwrap_or_else(|error| panic!("{error:?}: {packet:02x?}"));
    let mut buffer = [0; EVENT_MAX];
    let mut w = Writer::new(&mut buffer);
    if let Event::Unknown(raw) = event
        && raw.code != QOS_SETUP_COMPLETE
    {
        let event = ClassicEvent::parse_raw(raw);
        let event = event.unwrap_or_else(|error| panic!("{error:?}: {packet:02x?}"));
        event.unwrap_or_else(|| panic!("unknown: {packet:02x?}")).write(&mut w).unwrap();
    } else {
        event.write(&mut w).unwrap();
    }
    assert_eq!(w.written(), &packet[1..]);
}

pub(crate) fn octets(command: &impl Command) -> Vec<u8> {
    let mut buffer = [0; COMMAND_MAX + 1];
    let mut w = Writer::new(&mut buffer);
    w.u8(1).unwrap();
    command.write(&mut w).unwrap();
    w.written().to_vec()
}

/// Returns the default public address of a controller.
pub(crate) fn address(id: ControllerId) -> Address {
    Address::public([0xbe, 0xac, 0x01, 0x00, 0x00, id.index() as u8 + 1])
}

pub(crate) fn advertising_parameters() -> le::SetAdvertisingParameters {
    le::SetAdvertisingParameters {
        interval_min: 48.into(),
        interval_max: 48.into(),
        kind: AdvertisingType::CONNECTABLE,
        own_address_type: OwnAddressType::PUBLIC,
        peer: DeviceAddress::NONE,
        channels: 7,
        filter_policy: FilterPolicy::ALL,
    }
}

pub(crate) fn create(peer: Address, connection: le::ConnectionParameters) -> le::CreateConnection {
    le::CreateConnection {
        scan_interval: 16.into(),
        scan_window: 16.into(),
        filter_policy: FilterPolicy::ALL,
        peer: peer.into(),
        own_address_type: OwnAddressType::PUBLIC,
        connection,
    }
}

/// Returns connection parameters: interval in units of 1.25 ms, supervision timeout in units of 10 ms.
pub(crate) fn parameters(interval: u16, timeout: u16) -> le::ConnectionParameters {
    le::ConnectionParameters {
        interval_min: interval.into(),
        interval_max: interval.into(),
        latency: 0.into(),
        timeout: timeout.into(),
        event_length_min: 0.into(),
        event_length_max: 0.into(),
    }
}
