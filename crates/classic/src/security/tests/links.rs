//! Many links at once.

use bindrune_hci::cmd::classic::{IoCapabilityRequestNegativeReply, UserConfirmationRequestReply};

use super::*;

const NO_IO: HciIo = HciIo::NO_INPUT_NO_OUTPUT;
const GENERAL: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING;

fn key_request(fixture: &mut Fixture, peer: Address) {
    fixture.classic(&ClassicEvent::LinkKeyRequest(&LinkKeyRequest { address: address(peer) }));
}

#[test]
fn a_peer_that_floods_requests_blocks_no_other() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated256);
    fixture.up(1, OTHER_HANDLE, OTHER, None);
    fixture.encrypt_with_bond_while(|fixture| {
        for _ in 0..10 {
            key_request(fixture, OTHER);
        }
    });
    assert_eq!(fixture.level(), Level::SecureConnections);
}

impl Fixture {
    /// Encrypts link 0 while the other link does its worst; each of its refusals comes between two commands at most.
    fn encrypt_with_bond_while(&mut self, mut attack: impl FnMut(&mut Self)) {
        self.require(Level::Encrypted);
        let mut own = Vec::new();
        for _ in 0..16 {
            attack(self);
            let Some((opcode, _)) = self.poll() else { break };
            if opcode == Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY {
                self.security.handle_complete(opcode, &[0; 7]);
                continue;
            }
            own.push(opcode);
            let accepted = Opcode::LINK_KEY_REQUEST_REPLY;
            match opcode {
                Opcode::READ_ENCRYPTION_KEY_SIZE => {
                    self.security.handle_complete(opcode, &[0, 0x40, 0, 16]);
                }
                _ if opcode == accepted => {
                    self.security.handle_complete(opcode, &[0; 7]);
                    self.authenticated(Status::SUCCESS);
                }
                Opcode::AUTHENTICATION_REQUESTED => {
                    self.security.handle_status(opcode, Status::SUCCESS);
                    self.link_key_request();
                }
                _ => {
                    self.security.handle_status(opcode, Status::SUCCESS);
                    self.encryption(Status::SUCCESS, 2);
                }
            }
        }
        assert_eq!(own.len(), 4, "{own:?}");
    }
}

#[test]
fn links_take_turns() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.up(1, OTHER_HANDLE, OTHER, None);
    fixture.require(Level::Encrypted);
    let requirement = Requirement::level(Level::Encrypted);
    fixture.security.require(fixture.now, 1, requirement).unwrap();
    fixture.expect_authentication();
    fixture.expect(&AuthenticationRequested { handle: RawHandle::new(OTHER_HANDLE) });
    fixture.quiet();
    // A link's turn is either a reply or a procedure.
    key_request(&mut fixture, OTHER);
    fixture.up(2, 0x42, Address::public([4; 6]), None);
    fixture.security.require(fixture.now, 2, requirement).unwrap();
    fixture.expect(&AuthenticationRequested { handle: RawHandle::new(0x42) });
    fixture.expect(&LinkKeyRequestNegativeReply { address: address(OTHER) });
    fixture.quiet();
}

#[test]
fn requests_for_peers_without_a_link_block_no_link() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated256);
    fixture.encrypt_with_bond_while(|fixture| {
        for n in 0..10 {
            key_request(fixture, Address::public([9, 9, 9, 9, 9, n]));
        }
    });
    assert_eq!(fixture.level(), Level::SecureConnections);
}

#[test]
fn two_pairings_at_once_do_not_mix() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.up(1, OTHER_HANDLE, OTHER, None);
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_io(NO_IO, GENERAL);
    let event = IoCapabilityRequest { address: address(OTHER) };
    fixture.classic(&ClassicEvent::IoCapabilityRequest(&event));
    assert!(fixture.poll().is_some());
    fixture.security.handle_complete(Opcode::IO_CAPABILITY_REQUEST_REPLY, &[0; 7]);
    fixture.confirmation(1);
    let (serial, _) = fixture.question();
    assert!(!fixture.security.answer(fixture.now, 1, serial, Answer::Yes));
    assert!(fixture.security.answer(fixture.now, 0, serial, Answer::Yes));
    fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
    // The key of the other link is not that of this one.
    let (other, key) = (address(OTHER), SecretKey(NEW_KEY));
    let key_type = LinkKeyType(7);
    let event = LinkKeyNotification { address: other, key, key_type };
    fixture.classic(&ClassicEvent::LinkKeyNotification(&event));
    assert!(fixture.security.is_pairing(0));
    let events = fixture.events();
    assert!(stored(&events).is_none());
    assert!(events.iter().any(|e| matches!(e, SecurityEvent::Disconnect { link: 1, .. })));
    fixture.finish_pairing(false, 7);
    assert_eq!(fixture.level(), Level::Encrypted);
}

#[test]
fn requests_for_peers_without_a_link_are_refused_and_bounded() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    for n in 0..20 {
        key_request(&mut fixture, Address::public([9, 9, 9, 9, 9, n]));
        key_request(&mut fixture, Address::public([9, 9, 9, 9, 9, n]));
    }
    let mut refused = Vec::new();
    while let Some((opcode, command)) = fixture.poll() {
        assert_eq!(opcode, Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY);
        refused.push(command[3]);
        fixture.security.handle_complete(opcode, &[0; 7]);
    }
    refused.sort_unstable();
    assert_eq!(refused, [16, 17, 18, 19]);
    let event = IoCapabilityRequest { address: address(OTHER) };
    fixture.classic(&ClassicEvent::IoCapabilityRequest(&event));
    let reason = Status::PAIRING_NOT_ALLOWED;
    fixture.expect(&IoCapabilityRequestNegativeReply { address: address(OTHER), reason });
}

#[test]
fn a_peer_with_our_address_is_disconnected() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.up(0, HANDLE, LOCAL, None);
    assert_eq!(fixture.ended(), Failure::OwnAddress);
    let event = PinCodeRequest { address: address(LOCAL) };
    fixture.classic(&ClassicEvent::PinCodeRequest(&event));
    assert_eq!(fixture.poll().unwrap().0, Opcode::PIN_CODE_REQUEST_NEGATIVE_REPLY);
}

#[test]
fn the_end_of_a_link_reports_a_pairing_that_it_broke() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    assert!(!fixture.security.link_down(0));
    fixture.up(0, HANDLE, PEER, None);
    fixture.io_response(NO_IO, GENERAL);
    assert!(fixture.security.link_down(0));
    assert_eq!(fixture.events(), []);
    assert_eq!(fixture.security.poll_timeout(), None);
    fixture.quiet();
}

#[test]
fn an_answer_to_a_command_of_an_ended_link_is_for_no_other() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated256);
    fixture.encrypt_with_bond(Level::Encrypted, 2);
    assert_eq!(fixture.poll().unwrap().0, Opcode::READ_ENCRYPTION_KEY_SIZE);
    fixture.security.link_down(0);
    fixture.up(0, HANDLE, PEER, None);
    fixture.quiet();
    let late = [0, 0x40, 0, 16];
    assert!(fixture.security.handle_complete(Opcode::READ_ENCRYPTION_KEY_SIZE, &late));
    assert_eq!(fixture.level(), Level::Open);
    fixture.idle();
}

#[test]
fn a_reset_forgets_all_links() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated256);
    fixture.require(Level::Encrypted);
    assert!(fixture.poll().is_some());
    fixture.security.reset();
    fixture.quiet();
    assert_eq!(fixture.security.poll_timeout(), None);
    assert!(!fixture.security.handle_status(Opcode::AUTHENTICATION_REQUESTED, Status::SUCCESS));
    let refused = fixture.security.require(fixture.now, 0, Requirement::default());
    assert_eq!(refused, Err(RequestError::NoLink));
    fixture.up(0, HANDLE, PEER, Some(&bond(KeyKind::Authenticated256)));
    fixture.encrypt_with_bond(Level::Encrypted, 2);
}
