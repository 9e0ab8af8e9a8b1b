//! A scripted controller, and the tests that use it.

mod any;
mod hostile;
mod keys;
mod links;
mod models;
mod oob;
mod reconnect;
mod refusals;
mod timeouts;

use std::{boxed::Box, vec::Vec};

use bindrune_hci::{
    BdAddress, Event as Hci, Opcode, Passkey, RawHandle, SecretKey, Status,
    cmd::{
        Command, Return,
        classic::{
            AuthenticationRequested, AuthenticationRequirements, IoCapability as HciIo,
            IoCapabilityRequestReply, Keypress, LinkKeyRequestNegativeReply, LinkKeyRequestReply,
            ReadEncryptionKeySize, SetConnectionEncryption,
        },
    },
    event::{
        ClassicEvent, EncryptionChange, EncryptionKeyRefreshComplete,
        classic::{
            AuthenticationComplete, IoCapabilityRequest, IoCapabilityResponse,
            KeypressNotification, LinkKeyNotification, LinkKeyRequest, LinkKeyType, PinCodeRequest,
            RemoteOobDataRequest, SimplePairingComplete, UserConfirmationRequest,
            UserPasskeyNotification, UserPasskeyRequest,
        },
    },
};
use bindrune_wire::{Address, Handle, Level, Writer, time::Instant};
use embassy_time::Duration;

use super::*;

const LOCAL: Address = Address::public([0, 0, 0, 0, 0, 0x11]);
const PEER: Address = Address::public([0, 0, 0, 0, 0, 0x22]);
const OTHER: Address = Address::public([0, 0, 0, 0, 0, 0x33]);
const HANDLE: u16 = 0x40;
const OTHER_HANDLE: u16 = 0x41;
const KEY: [u8; 16] = [0x5a; 16];
const NEW_KEY: [u8; 16] = [0xa5; 16];
const SECURE: PeerFeatures = PeerFeatures { simple_pairing: true, secure_connections: true };
const SIMPLE: PeerFeatures = PeerFeatures { simple_pairing: true, secure_connections: false };
const PIN_ONLY: PeerFeatures = PeerFeatures { simple_pairing: false, secure_connections: false };

fn address(peer: Address) -> BdAddress {
    BdAddress::from(peer)
}

fn bond(kind: KeyKind) -> Bond {
    Bond::new(PEER, LOCAL, Secret::new(KEY), kind, kind.is_authenticated())
}

/// The machine with two links, and the controller that a test plays.
struct Fixture {
    security: Security,
    now: Instant,
}

impl Fixture {
    fn new(config: Config) -> Self {
        let slots = Box::leak(Box::new([Slot::EMPTY, Slot::EMPTY, Slot::EMPTY]));
        let mut fixture =
            Self { security: Security::new(slots, config), now: Instant::from_secs(100) };
        fixture.security.set_local(LOCAL);
        fixture.security.set_user(fixture.now, true);
        fixture.up(0, HANDLE, PEER, None);
        fixture
    }

    fn bonded(config: Config, kind: KeyKind) -> Self {
        let mut fixture = Self::new(config);
        fixture.security.set_bond(0, Some(&bond(kind)));
        fixture
    }

    fn up(&mut self, link: u8, handle: u16, peer: Address, bond: Option<&Bond>) {
        let handle = Handle::new(handle).unwrap();
        self.security.link_up(link, LinkUp { handle, peer });
        self.security.set_bond(link, bond);
        self.security.set_features(link, SECURE);
    }

    fn set(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = self.security.config;
        change(&mut config);
        self.security.set_config(config);
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.security.handle_timeout(self.now);
    }

    fn poll(&mut self) -> Option<(Opcode, Vec<u8>)> {
        let mut buffer = [0; 258];
        let mut w = Writer::new(&mut buffer);
        let opcode = self.security.poll_command(self.now, &mut w)?;
        Some((opcode, w.written().to_vec()))
    }

    fn quiet(&mut self) {
        assert_eq!(self.poll(), None);
    }

    /// Takes exactly this command, and answers it with a status.
    #[track_caller]
    fn answer<C: Command>(&mut self, command: &C, status: Status, rest: &[u8]) {
        let mut buffer = [0; 258];
        let mut w = Writer::new(&mut buffer);
        command.write(&mut w).unwrap();
        assert_eq!(self.poll(), Some((C::OPCODE, w.written().to_vec())));
        self.quiet();
        let taken = if C::Return::ANSWER == bindrune_hci::cmd::Answer::Status {
            self.security.handle_status(C::OPCODE, status)
        } else {
            let mut parameters = [&[status.0], rest].concat();
            parameters.resize(32, 0);
            self.security.handle_complete(C::OPCODE, &parameters)
        };
        assert!(taken);
    }

    #[track_caller]
    fn expect<C: Command>(&mut self, command: &C) {
        self.answer(command, Status::SUCCESS, &[]);
    }

    fn classic(&mut self, event: &ClassicEvent<'_>) -> bool {
        self.security.handle_classic(self.now, event)
    }

    fn events(&mut self) -> Vec<SecurityEvent> {
        core::iter::from_fn(|| self.security.poll_event()).collect()
    }

    #[track_caller]
    fn outcome(&mut self) -> Result<Level, Failure> {
        let events = self.events();
        let mut outcomes = events.iter().filter_map(|event| {
            if let SecurityEvent::Outcome { result, .. } = event {
                Some(result.map(|security| security.level))
            } else {
                None
            }
        });
        outcomes.next().unwrap_or_else(|| panic!("no outcome: {events:?}"))
    }

    #[track_caller]
    fn question(&mut self) -> (u16, Question) {
        let events = self.events();
        let question = events.iter().find_map(|event| {
            if let SecurityEvent::Question { serial, question, .. } = event {
                Some((*serial, *question))
            } else {
                None
            }
        });
        question.unwrap_or_else(|| panic!("no question: {events:?}"))
    }

    #[track_caller]
    fn ended(&mut self) -> Failure {
        let events = self.events();
        let failure = events.iter().find_map(|event| {
            if let SecurityEvent::Disconnect { link: 0, reason, failure } = event {
                {
                    assert_eq!(*reason, Status::AUTHENTICATION_FAILURE);
                    Some(*failure)
                }
            } else {
                None
            }
        });
        assert_eq!(self.level(), Level::Open);
        failure.unwrap_or_else(|| panic!("not disconnected: {events:?}"))
    }

    /// Checks that the link did not end, and that nothing is in progress.
    #[track_caller]
    fn idle(&mut self) {
        let events = self.events();
        let ends = |event: &SecurityEvent| matches!(event, SecurityEvent::Disconnect { .. });
        assert!(!events.iter().any(ends), "{events:?}");
        assert_eq!(self.security.poll_timeout(), None);
        self.quiet();
    }

    fn level(&self) -> Level {
        self.security.security(0).level
    }

    fn require(&mut self, level: Level) {
        self.security.require(self.now, 0, Requirement::level(level)).unwrap();
    }
}

/// What the controller does.
impl Fixture {
    fn link_key_request(&mut self) {
        self.classic(&ClassicEvent::LinkKeyRequest(&LinkKeyRequest { address: address(PEER) }));
    }

    fn io_request(&mut self) {
        let event = IoCapabilityRequest { address: address(PEER) };
        self.classic(&ClassicEvent::IoCapabilityRequest(&event));
    }

    fn io_response(&mut self, capability: HciIo, requirements: AuthenticationRequirements) {
        self.io_response_oob(capability, requirements, 0);
    }

    fn io_response_oob(
        &mut self,
        capability: HciIo,
        requirements: AuthenticationRequirements,
        oob_data_present: u8,
    ) {
        let address = address(PEER);
        let event = IoCapabilityResponse { address, capability, oob_data_present, requirements };
        self.classic(&ClassicEvent::IoCapabilityResponse(&event));
    }

    fn confirmation(&mut self, number: u32) {
        let event =
            UserConfirmationRequest { address: address(PEER), number: Passkey::new(number) };
        self.classic(&ClassicEvent::UserConfirmationRequest(&event));
    }

    fn passkey_request(&mut self) {
        let event = UserPasskeyRequest { address: address(PEER) };
        self.classic(&ClassicEvent::UserPasskeyRequest(&event));
    }

    fn passkey_shown(&mut self, passkey: u32) {
        let event =
            UserPasskeyNotification { address: address(PEER), passkey: Passkey::new(passkey) };
        self.classic(&ClassicEvent::UserPasskeyNotification(&event));
    }

    fn oob_request(&mut self) {
        let event = RemoteOobDataRequest { address: address(PEER) };
        self.classic(&ClassicEvent::RemoteOobDataRequest(&event));
    }

    fn pin_request(&mut self) {
        self.classic(&ClassicEvent::PinCodeRequest(&PinCodeRequest { address: address(PEER) }));
    }

    fn pairing_complete(&mut self, status: Status) {
        let event = SimplePairingComplete { status, address: address(PEER) };
        self.classic(&ClassicEvent::SimplePairingComplete(&event));
    }

    fn key(&mut self, key: [u8; 16], key_type: u8) {
        let (address, key) = (address(PEER), SecretKey(key));
        let event = LinkKeyNotification { address, key, key_type: LinkKeyType(key_type) };
        self.classic(&ClassicEvent::LinkKeyNotification(&event));
    }

    fn keypress(&mut self, keypress: Keypress) {
        let event = KeypressNotification { address: address(PEER), keypress };
        self.classic(&ClassicEvent::KeypressNotification(&event));
    }

    fn authenticated(&mut self, status: Status) {
        let event = AuthenticationComplete { status, handle: RawHandle::new(HANDLE) };
        self.classic(&ClassicEvent::AuthenticationComplete(&event));
    }

    fn encryption(&mut self, status: Status, enabled: u8) -> bool {
        let event = EncryptionChange { status, handle: RawHandle::new(HANDLE), enabled };
        self.security.handle_event(self.now, &Hci::EncryptionChange(&event))
    }

    fn refreshed(&mut self, status: Status) {
        let event = EncryptionKeyRefreshComplete { status, handle: RawHandle::new(HANDLE) };
        self.security.handle_event(self.now, &Hci::EncryptionKeyRefreshComplete(&event));
    }

    #[track_caller]
    fn key_size(&mut self, size: u8) {
        let handle = RawHandle::new(HANDLE);
        let [low, high] = HANDLE.to_le_bytes();
        self.answer(&ReadEncryptionKeySize { handle }, Status::SUCCESS, &[low, high, size]);
    }

    #[track_caller]
    fn expect_authentication(&mut self) {
        self.expect(&AuthenticationRequested { handle: RawHandle::new(HANDLE) });
    }

    #[track_caller]
    fn expect_encryption(&mut self) {
        self.expect(&SetConnectionEncryption { handle: RawHandle::new(HANDLE), enable: 1 });
    }

    #[track_caller]
    fn expect_key(&mut self) {
        self.expect(&LinkKeyRequestReply { address: address(PEER), key: SecretKey(KEY) });
    }

    #[track_caller]
    fn expect_no_key(&mut self) {
        self.expect(&LinkKeyRequestNegativeReply { address: address(PEER) });
    }

    #[track_caller]
    fn expect_io(&mut self, capability: HciIo, requirements: AuthenticationRequirements) {
        let address = address(PEER);
        let oob_data_present = self.security.slots[0].oob_presence(&self.security.config).bits();
        self.expect(&IoCapabilityRequestReply {
            address,
            capability,
            oob_data_present,
            requirements,
        });
    }

    /// Starts an authentication that pairs, up to IO Capability Request.
    #[track_caller]
    fn start_pairing(&mut self) {
        self.expect_authentication();
        self.link_key_request();
        self.expect_no_key();
        self.io_request();
    }

    /// Ends a pairing: the key, and as its initiator encryption.
    #[track_caller]
    fn finish_pairing(&mut self, local: bool, key_type: u8) {
        self.pairing_complete(Status::SUCCESS);
        self.key(NEW_KEY, key_type);
        if local {
            self.authenticated(Status::SUCCESS);
            self.expect_encryption();
        }
        self.encryption(Status::SUCCESS, if key_type >= 7 { 2 } else { 1 });
        self.key_size(16);
    }

    /// Encrypts the link with the bond's key, as its initiator.
    #[track_caller]
    fn encrypt_with_bond(&mut self, level: Level, cipher: u8) {
        self.require(level);
        self.expect_authentication();
        self.link_key_request();
        self.expect_key();
        self.authenticated(Status::SUCCESS);
        self.expect_encryption();
        self.encryption(Status::SUCCESS, cipher);
    }
}

fn result(events: &[SecurityEvent]) -> Option<Result<Paired, Failure>> {
    events.iter().find_map(|event| {
        if let SecurityEvent::Pairing { result, .. } = event { Some(*result) } else { None }
    })
}

fn stored(events: &[SecurityEvent]) -> Option<Bond> {
    events.iter().find_map(|event| {
        if let SecurityEvent::Key { bond, .. } = event { Some(bond.clone()) } else { None }
    })
}
