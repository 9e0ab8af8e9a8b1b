//! Two hosts, and all their operations.

use core::cell::Cell;

use bindrune::{
    Address, Advertisement, Channel, ChannelConfig, Characteristic, Config, Connection,
    ControllerCrypto, Event, Host, IoCapability, Level, PairingConfig, Platform, Psm, Question,
    Resources, Service, Uuid,
};
use bindrune_controller::{ControllerConfig, ControllerId, Port, VirtualClock, World};
use embassy_futures::{
    join::join,
    select::{Either, select},
};

type Memory = Resources<2, 2, 64, 16, 264, 4096>;

const LOCK: Uuid = Uuid::new_16(0xfff0);
const ADDRESS: Address = Address::random([0xc0, 0, 0, 0, 0, 1]);
const PSM: Psm = Psm(0x80);
const CHANNEL: ChannelConfig = ChannelConfig { window: 16, ..ChannelConfig::DEFAULT };
/// Number of bytes through the channel, in each direction.
const BULK: usize = 64 * 1024;
const SDU: usize = 1000;
const NOTIFICATIONS: u8 = 100;

static SECRET: Characteristic = Characteristic::new(Uuid::new_16(0xfff1))
    .read()
    .read_permission(Level::Authenticated)
    .value(&[7, 8, 9]);
static STREAM: Characteristic = Characteristic::new(Uuid::new_16(0xfff2)).notify();
static SERVICES: &[Service] = &[Service::primary(LOCK, &[&SECRET, &STREAM])];

/// Creates a host with its own memory.
#[must_use]
pub fn host(config: Config) -> Host {
    Host::new(Box::leak(Box::new(Memory::new())), config).unwrap()
}

/// Returns a platform with virtual time, and the random numbers of the controller.
#[must_use]
pub fn platform(clock: VirtualClock) -> Platform<VirtualClock, ControllerCrypto> {
    Platform::new().clock(clock).crypto(ControllerCrypto::random_only())
}

/// Two hosts on one air: a lock, the peripheral, and a phone.
pub struct Pair {
    /// The air.
    pub world: World,
    /// The peripheral.
    pub lock: Host,
    /// The central.
    pub phone: Host,
    /// Their controllers.
    pub ids: [ControllerId; 2],
    number: Cell<Option<u32>>,
}

impl Pair {
    /// Creates two hosts on an air that loses this share of all packets, in percent, and their ports.
    #[must_use]
    pub fn new(seed: u64, loss: u8) -> (Self, [Port; 2]) {
        let world = World::new(seed);
        world.set_loss(loss);
        let pairing =
            PairingConfig { io: IoCapability::DisplayYesNo, mitm: true, ..PairingConfig::DEFAULT };
        let lock = Config::new("Lock").services(SERVICES).address(ADDRESS).pairing(pairing);
        let ports = [(); 2].map(|()| world.add(ControllerConfig::new()));
        let pair = Self {
            lock: host(lock),
            phone: host(Config::new("Phone").pairing(pairing)),
            ids: ports.each_ref().map(Port::id),
            number: Cell::new(None),
            world,
        };
        (pair, ports)
    }

    /// Returns time and cryptography.
    #[must_use]
    pub fn platform(&self) -> Platform<VirtualClock, ControllerCrypto> {
        platform(self.world.clock())
    }

    /// Runs the two drivers until both hosts have done everything: connect, pair with a number, read a protected value,
    /// notify, and send 64 KiB through a channel in both directions. No driver may end.
    pub fn run<T: core::fmt::Debug>(
        &self,
        lock: impl Future<Output = T>,
        phone: impl Future<Output = T>,
    ) {
        let users = join(self.user(&self.lock), self.user(&self.phone));
        let app = select(users, join(self.lock(), self.phone()));
        let drivers = select(lock, phone);
        match self.world.block_on(select(drivers, app)) {
            Either::First(end) => panic!("a driver ended: {end:?}"),
            Either::Second(Either::First(_)) => panic!("the users went away"),
            Either::Second(Either::Second(((), ()))) => {}
        }
    }

    /// Accepts if the number is the one that the other user saw.
    async fn user(&self, host: &Host) {
        let mut requests = host.pairing_requests().unwrap();
        loop {
            let mut request = requests.next().await;
            let Question::Compare(number) = request.question() else { panic!("no number") };
            assert!(self.number.replace(Some(number)).is_none_or(|other| other == number));
            request.accept();
        }
    }

    async fn lock(&self) {
        let mut listener = self.lock.listen(PSM, CHANNEL).unwrap();
        let advertisement = Advertisement::connectable().name("Lock").service(LOCK);
        let mut link = self.lock.advertise(&advertisement).await.unwrap();
        while !matches!(link.next().await, Event::Subscribed(_)) {}
        for value in 0..NOTIFICATIONS {
            link.notify(&STREAM, &[value; 200]).await.unwrap();
        }
        let (_, channel) = listener.accept().await.unwrap();
        exchange(channel).await;
        link.disconnected().await;
    }

    async fn phone(&self) {
        let link = self.phone.connect(&ADDRESS).await.unwrap();
        link.pair().await.unwrap();
        assert_eq!(link.security().unwrap().level, Level::SecureConnections);
        assert!(self.number.get().is_some());
        self.read_and_subscribe(&link).await;
        let channel = link.open_channel(PSM, CHANNEL).await.unwrap();
        exchange(channel).await;
        link.disconnect().await.unwrap();
    }

    async fn read_and_subscribe(&self, link: &Connection<'_>) {
        let service = link.service(LOCK).await.unwrap();
        let secret = service.characteristic(Uuid::new_16(0xfff1)).await.unwrap();
        let mut value = [0; 244];
        assert_eq!(link.read(&secret, &mut value).await, Ok(3));
        assert_eq!(value.first_chunk(), Some(&[7, 8, 9]));
        let stream = service.characteristic(Uuid::new_16(0xfff2)).await.unwrap();
        let mut values = link.subscribe(&stream).await.unwrap();
        for expected in 0..NOTIFICATIONS {
            assert_eq!(values.next(&mut value).await, Ok(200));
            assert_eq!(value.first_chunk(), Some(&[expected; 200]));
        }
        assert_eq!(values.lost(), 0);
    }
}

/// Sends a pattern through the channel, and expects the same pattern from the peer.
async fn exchange(channel: Channel<'_>) {
    let octet = |at: usize| u8::try_from((at * 31 + at / SDU) % 251).unwrap();
    let (mut sender, mut receiver) = channel.split();
    let send = async {
        for start in (0..BULK).step_by(SDU) {
            let sdu: Vec<u8> = (start..BULK.min(start + SDU)).map(octet).collect();
            sender.send(&sdu).await.unwrap();
        }
        sender.flush().await.unwrap();
    };
    let receive = async {
        let (mut received, mut sdu) = (0, [0; SDU]);
        while received < BULK {
            let len = receiver.recv(&mut sdu).await.unwrap();
            assert!(sdu.iter().take(len).enumerate().all(|(i, got)| *got == octet(received + i)));
            received += len;
        }
    };
    join(send, receive).await;
}
