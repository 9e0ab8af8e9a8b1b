//! Bad inputs of a controller or a peer: each has its answer, and the machine works afterwards.

use bindrune_hci::cmd::classic::UserConfirmationRequestReply;

use super::*;

const NO_IO: HciIo = HciIo::NO_INPUT_NO_OUTPUT;
const GENERAL: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING;
const KIND: KeyKind = KeyKind::Authenticated256;

/// The state of link 0 before the bad input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    /// Without a bond, and with nothing in progress.
    Idle,
    /// With a bond.
    Bonded,
    /// With a link that has ended.
    Down,
    /// The peer has sent its capabilities.
    Response,
    /// Both sides have.
    Sides,
    /// The user is asked to confirm.
    Question,
    /// The user has agreed.
    Agreed,
    /// A passkey is shown.
    Shown,
    /// This side pairs; the controller asks for the key.
    Pairing,
    /// This side authenticates with the key of the bond.
    Authenticating,
    /// This side encrypts.
    Encrypting,
    /// Encrypted, and the key size is read.
    Encrypted,
}

/// What follows from the bad input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// No command, no event, and no change of the level.
    Nothing,
    /// This command.
    Says(Opcode),
    /// The end of the link.
    Ends(Failure),
}

use At::*;
use Then::*;

const NO_KEY: Then = Says(Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY);
const NO_PIN: Then = Says(Opcode::PIN_CODE_REQUEST_NEGATIVE_REPLY);
const NO_PAIRING: Then = Says(Opcode::IO_CAPABILITY_REQUEST_NEGATIVE_REPLY);
const NO_CONFIRMATION: Then = Says(Opcode::USER_CONFIRMATION_REQUEST_NEGATIVE_REPLY);
const NO_PASSKEY: Then = Says(Opcode::USER_PASSKEY_REQUEST_NEGATIVE_REPLY);
const NO_OOB: Then = Says(Opcode::REMOTE_OOB_DATA_REQUEST_NEGATIVE_REPLY);
const ORDER: Then = Ends(Failure::OutOfOrder);

type Row = (&'static str, At, fn(&mut Fixture), Then);

const ROWS: &[Row] = &[
    ("c01 a key without a pairing", Idle, |f| f.key(NEW_KEY, 8), ORDER),
    ("c02 a key for a bond without a pairing", Bonded, |f| f.key(NEW_KEY, 8), ORDER),
    ("c03 a key after the capabilities of the peer", Response, |f| f.key(NEW_KEY, 7), ORDER),
    ("c04 a key before the question", Sides, |f| f.key(NEW_KEY, 7), ORDER),
    ("c05 a key before the answer", Question, |f| f.key(NEW_KEY, 7), ORDER),
    ("c06 a debug key", Agreed, |f| f.key(NEW_KEY, 3), Ends(Failure::BadKey)),
    ("c07 a local unit key", Agreed, |f| f.key(NEW_KEY, 1), Ends(Failure::BadKey)),
    ("c08 a remote unit key", Agreed, |f| f.key(NEW_KEY, 2), Ends(Failure::BadKey)),
    ("c09 a key of an unknown kind", Agreed, |f| f.key(NEW_KEY, 0x7f), Ends(Failure::BadKey)),
    ("c10 a key of zeros", Agreed, |f| f.key([0; 16], 7), Ends(Failure::BadKey)),
    (
        "c11 a legacy key of a simple pairing",
        Agreed,
        |f| f.key(NEW_KEY, 0),
        Ends(Failure::Downgrade),
    ),
    ("c12 a changed key during a pairing", Agreed, |f| f.key(NEW_KEY, 6), ORDER),
    ("c13 a changed key without a key", Idle, |f| f.key(NEW_KEY, 6), ORDER),
    ("c14 a changed key of a peer that has proven none", Bonded, |f| f.key(NEW_KEY, 6), ORDER),
    ("c15 a key during authentication with the bond", Authenticating, |f| f.key(NEW_KEY, 8), ORDER),
    ("c16 a new key of an encrypted link", Encrypted, |f| f.key(NEW_KEY, 8), ORDER),
    (
        "c17 the pairing completes before the answer",
        Question,
        |f| f.pairing_complete(Status::SUCCESS),
        ORDER,
    ),
    (
        "c18 the pairing completes before the question",
        Sides,
        |f| f.pairing_complete(Status::SUCCESS),
        ORDER,
    ),
    (
        "c19 the pairing completes before this side has spoken",
        Response,
        |f| f.pairing_complete(Status::SUCCESS),
        ORDER,
    ),
    ("c20 no pairing completes", Idle, |f| f.pairing_complete(Status::SUCCESS), Nothing),
    (
        "c21 no pairing fails",
        Bonded,
        |f| f.pairing_complete(Status::AUTHENTICATION_FAILURE),
        Nothing,
    ),
    ("c22 a confirmation without a pairing", Idle, |f| f.confirmation(1), NO_CONFIRMATION),
    (
        "c23 a confirmation before this side has spoken",
        Response,
        |f| f.confirmation(1),
        NO_CONFIRMATION,
    ),
    ("c24 a confirmation while a passkey is shown", Shown, |f| f.confirmation(1), NO_CONFIRMATION),
    ("c25 a passkey request without a pairing", Idle, |f| f.passkey_request(), NO_PASSKEY),
    ("c26 a passkey request of Just Works", Sides, |f| f.passkey_request(), NO_PASSKEY),
    ("c27 a passkey request while a passkey is shown", Shown, |f| f.passkey_request(), NO_PASSKEY),
    ("c28 a passkey to show without a pairing", Idle, |f| f.passkey_shown(1), ORDER),
    ("c29 a passkey to show in Just Works", Sides, |f| f.passkey_shown(1), ORDER),
    ("c30 a passkey of seven digits", Shown, |f| f.passkey_shown(1_000_000), ORDER),
    ("c31 out-of-band data without a pairing", Idle, |f| f.oob_request(), NO_OOB),
    ("c32 out-of-band data that this side did not announce", Sides, |f| f.oob_request(), NO_OOB),
    ("c33 a PIN for a peer with simple pairing", Idle, |f| f.pin_request(), NO_PIN),
    ("c34 a PIN in a simple pairing", Sides, |f| f.pin_request(), NO_PIN),
    ("c35 a PIN during a question", Question, |f| f.pin_request(), NO_PIN),
    ("c36 a PIN during authentication with the bond", Authenticating, |f| f.pin_request(), NO_PIN),
    (
        "c37 a pairing during authentication with the bond",
        Authenticating,
        |f| f.io_request(),
        NO_PAIRING,
    ),
    ("c38 the key for a pairing of this side", Pairing, |f| f.link_key_request(), NO_KEY),
    ("c39 a key request without a bond", Idle, |f| f.link_key_request(), NO_KEY),
    (
        "c40 the peer changes its capabilities",
        Sides,
        |f| f.io_response(HciIo::DISPLAY_YES_NO, GENERAL),
        Nothing,
    ),
    (
        "c41 authentication that was not requested",
        Bonded,
        |f| f.authenticated(Status::SUCCESS),
        Nothing,
    ),
    (
        "c42 authentication fails that was not requested",
        Encrypted,
        |f| f.authenticated(Status::KEY_MISSING),
        Nothing,
    ),
    (
        "c43 encryption without a key",
        Idle,
        |f| {
            f.encryption(Status::SUCCESS, 2);
        },
        ORDER,
    ),
    (
        "c44 encryption before the key was requested",
        Bonded,
        |f| {
            f.encryption(Status::SUCCESS, 2);
        },
        ORDER,
    ),
    (
        "c45 encryption during a question",
        Question,
        |f| {
            f.encryption(Status::SUCCESS, 1);
        },
        ORDER,
    ),
    (
        "c46 encryption that is turned off while it is off",
        Bonded,
        |f| {
            f.encryption(Status::SUCCESS, 0);
        },
        Nothing,
    ),
    (
        "c47 encryption that is turned off",
        Encrypted,
        |f| {
            f.encryption(Status::SUCCESS, 0);
        },
        Ends(Failure::EncryptionOff),
    ),
    (
        "c48 encryption of an unknown kind",
        Encrypted,
        |f| {
            f.encryption(Status::SUCCESS, 3);
        },
        ORDER,
    ),
    (
        "c49 encryption changes to E0",
        Encrypted,
        |f| {
            f.encryption(Status::SUCCESS, 1);
        },
        Ends(Failure::Downgrade),
    ),
    (
        "c50 encryption fails that was not requested",
        Bonded,
        |f| {
            f.encryption(Status::KEY_MISSING, 0);
        },
        Nothing,
    ),
    ("c51 a refresh of a link in the clear", Bonded, |f| f.refreshed(Status::SUCCESS), Nothing),
    ("c52 a refresh that fails", Encrypted, |f| f.refreshed(Status::MIC_FAILURE), Nothing),
    (
        "c53 E0 for a bond of Secure Connections",
        Encrypting,
        |f| {
            f.encryption(Status::SUCCESS, 1);
        },
        Ends(Failure::Downgrade),
    ),
    ("c54 a keypress without a passkey", Question, |f| f.keypress(Keypress::CLEARED), Nothing),
    ("c55 a keypress without a pairing", Idle, |f| f.keypress(Keypress(0xff)), Nothing),
    ("c56 a key request for an ended link", Down, |f| f.link_key_request(), NO_KEY),
    ("c57 a pairing of an ended link", Down, |f| f.io_request(), NO_PAIRING),
    ("c58 a PIN for an ended link", Down, |f| f.pin_request(), NO_PIN),
    ("c59 a confirmation of an ended link", Down, |f| f.confirmation(1), NO_CONFIRMATION),
    ("c60 a passkey request of an ended link", Down, |f| f.passkey_request(), NO_PASSKEY),
    ("c61 out-of-band data of an ended link", Down, |f| f.oob_request(), NO_OOB),
    ("c62 a key of an ended link", Down, |f| f.key(NEW_KEY, 8), Nothing),
    ("c63 authentication of an ended link", Down, |f| f.authenticated(Status::SUCCESS), Nothing),
    (
        "c64 encryption of an ended link",
        Down,
        |f| {
            f.encryption(Status::SUCCESS, 2);
        },
        Nothing,
    ),
    ("c65 capabilities of an ended link", Down, |f| f.io_response(NO_IO, GENERAL), Nothing),
    ("c66 the same question again", Question, |f| f.confirmation(1), Nothing),
    (
        "c67 out-of-band data that the peer announces late",
        Sides,
        |f| f.io_response_oob(NO_IO, GENERAL, 1),
        Nothing,
    ),
    ("c68 the key notified twice", Encrypted, |f| f.key(KEY, 8), ORDER),
    (
        "c69 authentication succeeds while a pairing is open",
        Pairing,
        |f| {
            f.io_request();
            assert!(f.poll().is_some());
            f.security.handle_complete(Opcode::IO_CAPABILITY_REQUEST_REPLY, &[0; 7]);
            f.authenticated(Status::SUCCESS);
        },
        ORDER,
    ),
    (
        "c70 the peer claims out-of-band data of this device",
        Idle,
        |f| {
            f.io_response_oob(NO_IO, GENERAL, 1);
            f.io_request();
        },
        NO_PAIRING,
    ),
    (
        "c71 the peer of our pairing claims out-of-band data",
        Pairing,
        |f| {
            f.io_request();
            f.poll();
            f.security.handle_complete(Opcode::IO_CAPABILITY_REQUEST_REPLY, &[0; 7]);
            f.io_response_oob(NO_IO, GENERAL, 1);
            f.pairing_complete(Status::SUCCESS);
        },
        Ends(Failure::NoOob),
    ),
    (
        "c72 out-of-band data that is present with any octet",
        Idle,
        |f| {
            f.io_response_oob(NO_IO, GENERAL, 0xfc);
            f.io_request();
        },
        NO_PAIRING,
    ),
];

fn at(at: At) -> Fixture {
    let io = if at == Shown { IoCapability::DisplayOnly } else { IoCapability::NoInputNoOutput };
    let config = Config { io, ..Config::DEFAULT };
    let bonded = matches!(at, Bonded | Authenticating | Encrypting | Encrypted);
    let mut f = if bonded { Fixture::bonded(config, KIND) } else { Fixture::new(config) };
    f.up(1, OTHER_HANDLE, OTHER, None);
    match at {
        Idle | Bonded => {}
        Down => {
            f.security.link_down(0);
        }
        Response => f.io_response(NO_IO, GENERAL),
        Sides | Question | Agreed => {
            f.io_response(NO_IO, GENERAL);
            f.io_request();
            f.expect_io(NO_IO, GENERAL);
        }
        Shown => {
            f.io_response(HciIo::KEYBOARD_ONLY, AuthenticationRequirements::GENERAL_BONDING_MITM);
            f.io_request();
            f.expect_io(HciIo::DISPLAY_ONLY, GENERAL);
            f.passkey_shown(123_456);
        }
        Pairing => {
            f.require(Level::Encrypted);
            f.expect_authentication();
        }
        Authenticating | Encrypting => {
            f.require(Level::Encrypted);
            f.expect_authentication();
            f.link_key_request();
            f.expect_key();
        }
        Encrypted => {
            f.encrypt_with_bond(Level::Encrypted, 2);
            f.key_size(16);
        }
    }
    if matches!(at, Question | Agreed) {
        f.confirmation(1);
    }
    if at == Agreed {
        let (serial, _) = f.question();
        f.security.answer(f.now, 0, serial, Answer::Yes);
        f.expect(&UserConfirmationRequestReply { address: address(PEER) });
    }
    if at == Encrypting {
        f.authenticated(Status::SUCCESS);
        f.expect_encryption();
    }
    f.events();
    f
}

/// The other link pairs, and so does a new link of the same peer.
fn probe(f: &mut Fixture) {
    let requirement = Requirement::level(Level::Encrypted);
    f.security.require(f.now, 1, requirement).unwrap();
    f.expect(&AuthenticationRequested { handle: RawHandle::new(OTHER_HANDLE) });
    f.security.link_down(1);
    f.security.link_down(0);
    f.set(|config| config.io = IoCapability::NoInputNoOutput);
    f.up(0, HANDLE, PEER, Some(&bond(KIND)));
    f.encrypt_with_bond(Level::SecureConnections, 2);
    f.key_size(16);
    assert_eq!(f.outcome(), Ok(Level::SecureConnections));
    f.idle();
}

#[test]
fn every_bad_input_has_its_answer() {
    assert!(ROWS.len() >= 40);
    for (n, &(name, state, attack, then)) in ROWS.iter().enumerate() {
        assert!(name.starts_with(&std::format!("c{:02} ", n + 1)), "{name}");
        let mut f = at(state);
        let before = f.level();
        attack(&mut f);
        match then {
            Nothing => {
                assert_eq!((f.events(), f.poll()), (Vec::new(), None), "{name}");
                assert_eq!(f.level(), before, "{name}");
            }
            Says(opcode) => {
                let command = f.poll().unwrap_or_else(|| panic!("{name}: no command"));
                assert_eq!(command.0, opcode, "{name}");
                f.security.handle_complete(opcode, &[0; 7]);
                assert_eq!(f.level(), before, "{name}");
            }
            Ends(failure) => {
                assert_eq!(f.ended(), failure, "{name}");
                f.quiet();
            }
        }
        assert!(stored(&f.events()).is_none(), "{name}");
        probe(&mut f);
    }
}

/// Every row, one after another on the same link: still no level and no key that was not earned.
#[test]
fn bad_inputs_add_nothing_to_each_other() {
    for &(name, _, first, _) in ROWS {
        let mut f = at(Sides);
        first(&mut f);
        for &(_, _, attack, _) in
            ROWS.iter().filter(|row| row.1 != Pairing || row.0.starts_with("c38"))
        {
            attack(&mut f);
            assert_eq!(f.level(), Level::Open, "{name}");
            assert!(stored(&f.events()).is_none(), "{name}");
            while let Some((opcode, _)) = f.poll() {
                f.security.handle_complete(opcode, &[0; 7]);
            }
        }
        probe(&mut f);
    }
}
