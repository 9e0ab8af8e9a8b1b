//! Setting of the rows of BR/EDR: a dual-mode host, links and channels of peers.

use std::{cell::RefCell, rc::Rc};

use bindrune::{
    Address, ClassicChannel, ClassicChannelConfig, ClassicConfig, ClassicPsm, ClassicResources,
    FreePackets, Host, Level, Port, ServiceRecord, Uuid,
};
use bindrune_hostile::{Bench, Controller, Opcodes, Outcome, Store, acl, l2cap};
use embassy_time::Duration;

pub(crate) use crate::scene::{B, LINK, PEER};

/// Another peer, and its link.
pub(crate) const OTHER: Address = Address::public([0xa6, 0xa5, 0xa4, 0xa3, 0xa2, 0xa1]);
pub(crate) const OTHER_LINK: u16 = 0x41;
pub(crate) const SIGNALLING: u16 = 1;
/// A PSM with a listener that needs no security.
pub(crate) const OPEN: ClassicPsm = ClassicPsm(0x1001);
/// The first CID of this device, and of the peer.
pub(crate) const CID: u16 = 0x40;

/// Converts text to octets.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    assert_eq!(digits.len() % 2, 0, "{text}");
    let digit = |octet: u8| (octet as char).to_digit(16).unwrap() as u8;
    digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// Returns an event in H4.
pub(crate) fn event(code: u8, parts: &[&[u8]]) -> Vec<u8> {
    let parameters = parts.concat();
    [&[4, code, parameters.len() as u8][..], &parameters].concat()
}

/// Connection Complete of a BR/EDR link.
pub(crate) fn connection_complete(status: u8, handle: u16, peer: Address) -> Vec<u8> {
    event(0x03, &[&[status], &handle.to_le_bytes(), &peer.octets(), &[1, 0]])
}

/// Connection Request of a peer.
pub(crate) fn connection_request(peer: Address) -> Vec<u8> {
    event(0x04, &[&peer.octets(), &[0x0c, 0x02, 0x5a, 1]])
}

/// Disconnection Complete: the peer's user ended the link.
pub(crate) fn ended(handle: u16) -> Vec<u8> {
    event(0x05, &[&[0], &handle.to_le_bytes(), &[0x13]])
}

pub(crate) fn config() -> ClassicConfig {
    ClassicConfig::new()
}

/// A dual-mode host: connectable, with a record of a service.
pub(crate) struct Dual {
    pub(crate) b: B,
    free: FreePackets,
    /// CID of this device's last channel.
    cid: u16,
}

pub(crate) fn idle() -> Dual {
    idle_with(config(), Controller::dual(), Store::memory(&[]))
}

pub(crate) fn idle_with(config: ClassicConfig, controller: Controller, store: Store) -> Dual {
    let host = crate::scene::host();
    let resources =
        Box::leak(Box::new(ClassicResources::<2, 4, 700, 700, 2, 2, 256, 2, 128>::new()));
    let host: &Host = Box::leak(Box::new(host.with_classic(resources, config)));
    let mut b = Bench::with_store(host, controller, store);
    let ready = b.spawn(async move { host.classic().ready().await });
    assert!(ready.take().is_ok());
    host.classic().set_connectable(true).unwrap();
    // Its record stays, whatever the rows do.
    let class = [Uuid::new_16(0x1101)];
    let record = ServiceRecord::new(&class, Port::L2cap(OPEN.0));
    core::mem::forget(host.classic().advertise(&record).unwrap());
    b.settle();
    b.sent();
    let free = host.free_packets();
    Dual { b, free, cid: 0 }
}

/// A link that the peer made.
pub(crate) fn linked() -> Dual {
    let mut s = idle();
    s.up(LINK, PEER);
    s
}

/// A link that the peer made, and encrypted after a pairing.
pub(crate) fn secured() -> Dual {
    let mut s = linked();
    s.pair();
    s
}

/// An open channel of a peer.
pub(crate) struct Open {
    pub(crate) channel: ClassicChannel<'static>,
    /// CID of this device; the peer's is [`CID`].
    pub(crate) cid: u16,
}

/// What a task has received.
pub(crate) type Received = Rc<RefCell<Vec<Vec<u8>>>>;

impl Dual {
    /// Brings up a link that a peer requested.
    #[track_caller]
    pub(crate) fn up(&mut self, handle: u16, peer: Address) {
        let before = self.b.host.links();
        self.b.inject(&connection_request(peer));
        self.b.inject(&connection_complete(0, handle, peer));
        assert_eq!(self.b.host.links(), before + 1, "no link");
        self.b.sent();
    }

    /// Sends a frame of the peer.
    pub(crate) fn send(&mut self, cid: u16, payload: &[u8]) {
        self.b.inject(&acl(LINK, &l2cap(cid, payload)));
    }

    /// Sends commands of the peer.
    pub(crate) fn signal(&mut self, text: &str) {
        self.send(SIGNALLING, &hex(text));
    }

    /// Checks the answers on the signalling channel.
    #[track_caller]
    pub(crate) fn answered(&mut self, answers: &[&str]) {
        let answers: Vec<_> = answers.iter().map(|text| hex(text)).collect();
        let answers: Vec<&[u8]> = answers.iter().map(|answer| &answer[..]).collect();
        self.b.expect(SIGNALLING, &answers);
    }

    /// The peer pairs without a user, and encrypts the link.
    #[track_caller]
    pub(crate) fn pair(&mut self) {
        self.pair_with(LINK, PEER, 0x04, 1);
    }

    /// Pairs: type of the key, and the kind of encryption.
    pub(crate) fn pair_with(&mut self, handle: u16, peer: Address, key: u8, encryption: u8) {
        let peer = peer.octets();
        self.b.inject(&event(0x32, &[&peer, &[3, 0, 2]]));
        self.b.inject(&event(0x31, &[&peer]));
        self.b.inject(&event(0x33, &[&peer, &[1, 0, 0, 0]]));
        self.b.inject(&event(0x36, &[&[0], &peer]));
        self.b.inject(&event(0x18, &[&peer, &[0x5a; 16], &[key]]));
        self.b.inject(&event(0x08, &[&[0], &handle.to_le_bytes(), &[encryption]]));
        self.b.sent();
    }

    /// Returns the security level of the link with the peer.
    pub(crate) fn level(&mut self) -> Level {
        let host = self.b.host;
        let level = self.b.spawn(async move {
            host.classic().connect(PEER).await.map(|link| link.security().map(|s| s.level))
        });
        level.take().unwrap().unwrap()
    }

    /// Listens on a PSM, for one channel.
    pub(crate) fn listen(
        &mut self,
        psm: ClassicPsm,
        config: ClassicChannelConfig,
    ) -> Outcome<ClassicChannel<'static>> {
        let host = self.b.host;
        let accepted = self.b.spawn(async move {
            let mut listener = host.classic().listen(psm, config).unwrap();
            let channel = listener.accept().await.unwrap();
            // The listener goes on, as in an application.
            core::mem::forget(listener);
            channel
        });
        self.b.sent();
        accepted
    }

    /// The peer requests a channel, and configures it with these options.
    #[track_caller]
    pub(crate) fn open_with(
        &mut self,
        psm: ClassicPsm,
        config: ClassicChannelConfig,
        options: &[u8],
    ) -> Open {
        let accepted = self.listen(psm, config);
        let cid = self.request(psm);
        let requested = self.configure(cid, options);
        assert!(requested, "this device configures too");
        let channel = accepted.take();
        self.b.sent();
        Open { channel, cid }
    }

    /// The peer requests a channel. Returns the CID of this device.
    #[track_caller]
    pub(crate) fn request(&mut self, psm: ClassicPsm) -> u16 {
        let [low, high] = psm.0.to_le_bytes();
        self.send(SIGNALLING, &[2, 0x71, 4, 0, low, high, 0x40, 0]);
        // A host that needs the peer's features asks for them.
        self.send(SIGNALLING, &[0x0b, 1, 8, 0, 2, 0, 0, 0, 0x38, 0, 0, 0]);
        let sent = self.signals();
        let of = |pdu: &&Vec<u8>| pdu[0] == 3 && pdu[8..12] == [0; 4];
        let response = sent.iter().find(of).unwrap_or_else(|| panic!("{sent:02x?}"));
        let cid = u16::from_le_bytes([response[4], response[5]]);
        self.cid = cid;
        self.answer_configuration(&sent);
        cid
    }

    /// The peer configures the channel, and accepts the configuration of this device. Returns whether there was one.
    pub(crate) fn configure(&mut self, cid: u16, options: &[u8]) -> bool {
        let [low, high] = cid.to_le_bytes();
        let pdu = [&[4, 0x72, options.len() as u8 + 4, 0, low, high, 0, 0], options].concat();
        self.send(SIGNALLING, &pdu);
        let sent = self.signals();
        let accepted = sent.iter().any(|pdu| pdu[..2] == [5, 0x72] && pdu[8..10] == [0, 0]);
        assert!(accepted, "the configuration is not accepted: {sent:02x?}");
        self.answer_configuration(&sent);
        true
    }

    /// Accepts the requests for configuration of this device.
    fn answer_configuration(&mut self, sent: &[Vec<u8>]) {
        for request in sent.iter().filter(|pdu| pdu[0] == 4) {
            assert_eq!(request[4..6], CID.to_le_bytes(), "the CID of the peer");
            let [low, high] = self.cid.to_le_bytes();
            self.send(SIGNALLING, &[5, request[1], 6, 0, low, high, 0, 0, 0, 0]);
        }
    }

    /// Returns the commands that this device sent on the link, each one alone.
    pub(crate) fn signals(&mut self) -> Vec<Vec<u8>> {
        let frames = self.b.frames().into_iter();
        let of = frames.filter(|(handle, frame)| *handle == LINK && frame[2..4] == [1, 0]);
        of.flat_map(|(_, frame)| {
            let (mut rest, mut all) = (&frame[4..], Vec::new());
            while rest.len() >= 4 {
                let len = 4 + usize::from(u16::from_le_bytes([rest[2], rest[3]]));
                all.push(rest[..len].to_vec());
                rest = &rest[len..];
            }
            all
        })
        .collect()
    }

    /// Receives everything of a channel until it ends.
    pub(crate) fn receive(
        &mut self,
        channel: ClassicChannel<'static>,
    ) -> (Received, Outcome<bindrune::Error>) {
        let all = Received::default();
        let keep = all.clone();
        let end = self.b.spawn(async move {
            let mut buffer = [0; 700];
            loop {
                match channel.recv(&mut buffer).await {
                    Ok(len) => keep.borrow_mut().push(buffer[..len].to_vec()),
                    Err(error) => return error,
                }
            }
        });
        (all, end)
    }

    /// Checks that the link with the peer is up, and answers.
    #[track_caller]
    pub(crate) fn answers(&mut self) {
        self.b.sent();
        self.signal("08 e1 0300 616263");
        self.answered(&["09 e1 0300 616263"]);
    }

    /// Checks that nothing is left once the links have ended, and that another peer and LE are served.
    #[track_caller]
    pub(crate) fn ends_well(mut self) {
        *self.b.controller() = Controller::dual();
        self.b.controller().mute = Opcodes::None;
        for handle in [LINK, OTHER_LINK] {
            self.b.inject(&ended(handle));
        }
        self.b.pass(Duration::from_secs(1));
        self.is_empty();
        self.up(OTHER_LINK, OTHER);
        self.serves(OTHER_LINK);
        self.b.inject(&ended(OTHER_LINK));
        self.b.pass(Duration::from_secs(1));
        self.is_empty();
        crate::scene::is_usable(&mut self.b);
    }

    #[track_caller]
    fn is_empty(&self) {
        let host = self.b.host;
        assert_eq!((host.links(), host.channels()), (0, 0), "links and channels");
        assert_eq!(host.free_packets(), self.free, "packets");
    }

    /// Checks that a link answers an echo, and a search for services.
    #[track_caller]
    pub(crate) fn serves(&mut self, handle: u16) {
        let mut send = |cid: u16, text: &str| self.b.inject(&acl(handle, &l2cap(cid, &hex(text))));
        send(SIGNALLING, "08 e2 0100 61");
        send(SIGNALLING, "02 e3 0400 0100 4f00");
        let sent = self.b.frames();
        let frame = |answer: &str| (handle, l2cap(SIGNALLING, &hex(answer)));
        assert!(sent.contains(&frame("09 e2 0100 61")), "{sent:02x?}");
        let opened = sent.iter().find(|(_, frame)| frame[4..6] == [3, 0xe3]).unwrap();
        let [low, high] = [opened.1[8], opened.1[9]];
        assert_eq!(opened.1[12..16], [0; 4], "the channel of SDP");
        let cid = u16::from_le_bytes([low, high]);
        let mut send = |cid: u16, pdu: &[u8]| self.b.inject(&acl(handle, &l2cap(cid, pdu)));
        send(SIGNALLING, &[4, 0xe4, 4, 0, low, high, 0, 0]);
        for (_, frame) in sent.iter().filter(|(_, frame)| frame[4] == 4) {
            send(SIGNALLING, &[5, frame[5], 6, 0, low, high, 0, 0, 0, 0]);
        }
        self.b.sent();
        // A search for Serial Port.
        self.b.inject(&acl(handle, &l2cap(cid, &hex("02 0001 0008 3503191101 0005 00"))));
        let sent = self.b.frames();
        let answer = l2cap(0x4f, &hex("03 0001 0009 0001 0001 00010000 00"));
        assert_eq!(sent, [(handle, answer)], "a search for services");
    }
}
