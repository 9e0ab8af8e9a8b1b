//! Pairing, keys and encryption: peers and controllers that break the rules. [Vol 3] Part C, 5.2.2

use bindrune::{
    ClassicChannelConfig, ClassicConfig, ClassicFailure, ClassicPsm, Error, Level, Opcode, Question,
};
use bindrune_hostile::{Controller, Outcome, Store};
use embassy_time::Duration;

use super::scene::{
    Dual, LINK, OPEN, OTHER, OTHER_LINK, PEER, config, connection_complete, connection_request,
    ended, event, idle_with, linked, secured,
};

/// A PSM whose listener requires encryption.
const SECRET: ClassicPsm = ClassicPsm(0x1003);

fn linked_with(config: ClassicConfig) -> Dual {
    let mut s = idle_with(config, Controller::dual(), Store::memory(&[]));
    s.up(LINK, PEER);
    s
}

/// The peer begins a pairing, and has this input and output.
fn begin(s: &mut Dual, io: u8) {
    let peer = PEER.octets();
    s.b.inject(&event(0x32, &[&peer, &[io, 0, 3]]));
    s.b.inject(&event(0x31, &[&peer]));
}

/// Waits for one question; the task keeps it.
fn question(s: &mut Dual) -> Outcome<(Question, bool)> {
    let host = s.b.host;
    s.b.spawn(async move {
        let mut requests = host.pairing_requests().unwrap();
        let mut request = requests.next().await;
        let question = request.question();
        // The link ends, or the pairing.
        request.ended().await;
        request.accept();
        (question, true)
    })
}

/// A link with encryption, and a channel that needs it.
fn secret() -> (Dual, super::scene::Open) {
    let mut s = secured();
    let open = s.open_with(SECRET, ClassicChannelConfig::BASIC, &[]);
    (s, open)
}

#[test]
fn encryption_that_is_turned_off_ends_the_link_and_its_data() {
    let (mut s, open) = secret();
    let cid = open.cid;
    let (received, _) = s.receive(open.channel);
    s.send(cid, b"abc");
    s.b.controller().answers.insert(Opcode::DISCONNECT.0, vec![0]);
    s.b.inject(&event(0x08, &[&[0], &LINK.to_le_bytes(), &[0]]));
    let commands = s.b.commands();
    assert_eq!(commands[0].0, Opcode::DISCONNECT.0, "{commands:02x?}");
    s.send(cid, b"open");
    assert_eq!(*received.borrow(), [b"abc"], "nothing that is not encrypted");
    s.ends_well();
}

#[test]
fn data_for_a_link_without_encryption_is_not_sent() {
    let (mut s, open) = secret();
    s.b.inject(&event(0x08, &[&[0], &LINK.to_le_bytes(), &[0]]));
    let channel = open.channel;
    s.b.sent();
    s.b.spawn(async move { _ = channel.send(b"secret").await });
    assert_eq!(s.b.frames(), []);
    s.ends_well();
}

#[test]
fn a_key_of_one_octet_ends_the_link() {
    for size in [0, 1, 6] {
        let mut s = linked();
        let mut returned = vec![0];
        returned.extend(LINK.to_le_bytes());
        returned.push(size);
        s.b.controller().answers.insert(Opcode::READ_ENCRYPTION_KEY_SIZE.0, returned);
        s.pair();
        assert_eq!(s.b.host.links(), 0, "{size} octets");
        s.ends_well();
    }
}

#[test]
fn a_key_whose_size_cannot_be_read_ends_the_link() {
    let mut s = linked();
    s.b.controller().answers.insert(Opcode::READ_ENCRYPTION_KEY_SIZE.0, vec![0x0c]);
    s.pair();
    assert_eq!(s.b.host.links(), 0);
    s.ends_well();
}

#[test]
fn a_size_that_is_never_read_gives_no_level() {
    let mut s = linked();
    s.b.controller().mute =
        bindrune_hostile::Opcodes::Only(vec![Opcode::READ_ENCRYPTION_KEY_SIZE.0]);
    s.pair();
    let accepted = s.listen(SECRET, ClassicChannelConfig::BASIC);
    s.signal("02 05 0400 0310 4000");
    let sent = s.signals();
    assert!(!sent.iter().any(|pdu| pdu[0] == 3 && pdu[8..10] == [0, 0]), "{sent:02x?}");
    s.b.pass(Duration::from_secs(60));
    assert!(!accepted.is_done());
    s.ends_well();
}

#[test]
fn encryption_without_a_key_gives_no_level() {
    let mut s = linked();
    s.b.inject(&event(0x08, &[&[0], &LINK.to_le_bytes(), &[1]]));
    if s.b.host.links() > 0 {
        assert_eq!(s.level(), Level::Open);
    }
    s.ends_well();
}

#[test]
fn encryption_of_an_unknown_kind_gives_no_level() {
    let mut s = linked();
    s.pair_with(LINK, PEER, 0x04, 0x77);
    if s.b.host.links() > 0 {
        assert_eq!(s.level(), Level::Open);
    }
    s.ends_well();
}

/// A key that no pairing made is not kept, and has no level.
#[test]
fn a_key_without_a_pairing_is_not_kept() {
    let mut s = linked();
    let peer = PEER.octets();
    for kind in [0, 3, 4, 5, 6, 7, 8, 0x77] {
        s.b.inject(&event(0x18, &[&peer, &[0x5a; 16], &[kind]]));
    }
    assert_eq!(s.b.host.classic().bonds().count(), 0);
    s.ends_well();
}

#[test]
fn a_key_of_zeros_or_for_debugging_is_not_kept() {
    for (key, kind) in [([0; 16], 4), ([0x5a; 16], 3), ([0x5a; 16], 1), ([0x5a; 16], 0x77)] {
        let mut s = linked();
        begin(&mut s, 3);
        let peer = PEER.octets();
        s.b.inject(&event(0x33, &[&peer, &[1, 0, 0, 0]]));
        s.b.inject(&event(0x36, &[&[0], &peer]));
        s.b.inject(&event(0x18, &[&peer, &key, &[kind]]));
        s.b.inject(&event(0x08, &[&[0], &LINK.to_le_bytes(), &[1]]));
        assert_eq!(s.b.host.classic().bonds().count(), 0, "kind {kind}");
        if s.b.host.links() > 0 {
            assert_eq!(s.level(), Level::Open, "kind {kind}");
        }
        s.ends_well();
    }
}

#[test]
fn steps_of_a_pairing_that_are_not_due_are_refused() {
    let peer = PEER.octets();
    for (code, more) in [(0x33, &[1, 0, 0, 0][..]), (0x34, &[]), (0x35, &[]), (0x16, &[])] {
        let mut s = linked();
        s.b.inject(&event(code, &[&peer, more]));
        let commands = s.b.commands();
        let refusals = [0x042d, 0x042f, 0x0433, 0x040e];
        assert!(commands.iter().any(|(opcode, _)| refusals.contains(opcode)), "{commands:04x?}");
        s.ends_well();
    }
}

/// The peer has a display and buttons: the user is asked. Then the link ends.
#[test]
fn a_question_ends_with_its_link() {
    let mut s =
        linked_with(config().io_capability(bindrune::ClassicIoCapability::DisplayYesNo).mitm(true));
    let asked = question(&mut s);
    begin(&mut s, 1);
    s.b.inject(&event(0x33, &[&PEER.octets(), &[0x40, 0xe2, 1, 0]]));
    assert!(!asked.is_done(), "the user has the question");
    s.b.inject(&ended(LINK));
    assert_eq!(asked.take(), (Question::Compare(123_456), true));
    // The answer is for no link.
    s.up(LINK, OTHER);
    s.answers();
    assert_eq!(s.b.commands(), []);
    s.ends_well();
}

#[test]
fn a_question_without_an_answer_ends() {
    let mut s =
        linked_with(config().io_capability(bindrune::ClassicIoCapability::DisplayYesNo).mitm(true));
    let host = s.b.host;
    let _holder = s.b.spawn(async move {
        let mut requests = host.pairing_requests().unwrap();
        let request = requests.next().await;
        core::future::pending::<()>().await;
        drop(request);
    });
    begin(&mut s, 1);
    s.b.inject(&event(0x33, &[&PEER.octets(), &[0x40, 0xe2, 1, 0]]));
    s.b.sent();
    s.b.pass(Duration::from_secs(31));
    let commands = s.b.commands();
    let refused = Opcode::USER_CONFIRMATION_REQUEST_NEGATIVE_REPLY.0;
    assert!(commands.iter().any(|(opcode, _)| *opcode == refused), "{commands:04x?}");
    _holder.cancel();
    s.ends_well();
}

/// A question that no user can be asked is refused.
#[test]
fn a_question_without_a_user_is_refused() {
    let mut s =
        linked_with(config().io_capability(bindrune::ClassicIoCapability::DisplayYesNo).mitm(true));
    begin(&mut s, 1);
    s.b.inject(&event(0x33, &[&PEER.octets(), &[0x40, 0xe2, 1, 0]]));
    let commands = s.b.commands();
    assert!(
        !commands.iter().any(|(opcode, _)| *opcode == Opcode::USER_CONFIRMATION_REQUEST_REPLY.0)
    );
    s.ends_well();
}

/// Two peers pair at once, and each gets its own answers.
#[test]
fn two_pairings_at_once_do_not_mix() {
    let mut s = linked();
    s.up(OTHER_LINK, OTHER);
    for peer in [PEER, OTHER] {
        s.b.inject(&event(0x32, &[&peer.octets(), &[3, 0, 2]]));
        s.b.inject(&event(0x31, &[&peer.octets()]));
    }
    s.b.sent();
    s.b.inject(&event(0x33, &[&OTHER.octets(), &[1, 0, 0, 0]]));
    let confirmed = Opcode::USER_CONFIRMATION_REQUEST_REPLY.0;
    assert_eq!(s.b.commands(), [(confirmed, OTHER.octets().to_vec())]);
    // The key of the other peer arrives for this one: no step of its pairing is over.
    s.b.inject(&event(0x18, &[&PEER.octets(), &[0x5a; 16], &[4]]));
    assert_eq!(s.b.host.classic().bonds().count(), 0);
    s.b.inject(&event(0x36, &[&[0], &OTHER.octets()]));
    s.b.inject(&event(0x18, &[&OTHER.octets(), &[0x6b; 16], &[4]]));
    let bonds: Vec<_> = s.b.host.classic().bonds().map(|(peer, _)| peer).collect();
    assert_eq!(bonds, [OTHER]);
    assert!(s.b.host.classic().remove_bond(OTHER));
    s.ends_well();
}

/// The bond is authenticated; the peer pairs again without a user.
#[test]
fn a_weaker_pairing_does_not_replace_a_bond() {
    let config = config().io_capability(bindrune::ClassicIoCapability::DisplayYesNo).mitm(true);
    let mut s = linked_with(config);
    let host = s.b.host;
    s.b.spawn(async move {
        let mut requests = host.pairing_requests().unwrap();
        loop {
            requests.next().await.accept();
        }
    });
    let peer = PEER.octets();
    begin(&mut s, 1);
    s.b.inject(&event(0x33, &[&peer, &[0x40, 0xe2, 1, 0]]));
    s.b.inject(&event(0x36, &[&[0], &peer]));
    s.b.inject(&event(0x18, &[&peer, &[0x5a; 16], &[5]]));
    let strong: Vec<_> = host.classic().bonds().collect();
    assert_eq!(strong, [(PEER, Level::Authenticated)]);
    s.b.inject(&ended(LINK));
    s.up(LINK, PEER);
    // Without input and output: Just Works.
    begin(&mut s, 3);
    s.b.inject(&event(0x33, &[&peer, &[1, 0, 0, 0]]));
    s.b.inject(&event(0x36, &[&[0], &peer]));
    s.b.inject(&event(0x18, &[&peer, &[0x6b; 16], &[4]]));
    assert_eq!(host.classic().bonds().collect::<Vec<_>>(), strong);
    assert!(host.classic().remove_bond(PEER));
    s.ends_well();
}

/// A bond that was removed does not come back from the store.
#[test]
fn a_removed_bond_does_not_come_back() {
    let mut s = linked();
    let store = s.b.store().clone();
    store.stall(bindrune_hostile::Stall::Before);
    s.pair();
    assert!(s.b.host.classic().remove_bond(PEER));
    store.resume();
    s.b.pass(Duration::from_secs(40));
    assert_eq!(s.b.host.classic().bonds().count(), 0);
    assert_eq!(store.records().len(), 0, "{:02x?}", store.records());
    s.ends_well();
}

#[test]
fn an_authentication_that_never_ends_has_a_limit() {
    let mut s = linked();
    let host = s.b.host;
    let secures = s.b.spawn(async move {
        let link = host.classic().connect(PEER).await?;
        link.secure(Level::Encrypted).await.map(|_| ())
    });
    s.b.pass(Duration::from_secs(400));
    assert!(matches!(
        secures.take(),
        Err(Error::ClassicSecurity(ClassicFailure::Timeout) | Error::Disconnected(_))
    ));
    s.ends_well();
}

#[test]
fn an_encryption_that_never_starts_has_a_limit() {
    let mut s = linked();
    let host = s.b.host;
    let secures = s.b.spawn(async move {
        let link = host.classic().connect(PEER).await?;
        link.secure(Level::Encrypted).await.map(|_| ())
    });
    begin(&mut s, 3);
    let peer = PEER.octets();
    s.b.inject(&event(0x33, &[&peer, &[1, 0, 0, 0]]));
    s.b.inject(&event(0x36, &[&[0], &peer]));
    s.b.inject(&event(0x18, &[&peer, &[0x5a; 16], &[4]]));
    s.b.inject(&event(0x06, &[&[0], &LINK.to_le_bytes()]));
    s.b.pass(Duration::from_secs(400));
    assert!(secures.take().is_err());
    _ = host.classic().remove_bond(PEER);
    s.ends_well();
}

/// The peer requests a secret channel on an open link: it waits for security, and is refused when that fails.
#[test]
fn a_channel_on_an_open_link_is_blocked_when_pairing_fails() {
    let mut s = linked();
    let accepted = s.listen(SECRET, ClassicChannelConfig::BASIC);
    s.signal("02 05 0400 0310 4000");
    let sent = s.signals();
    assert_eq!(sent, [super::scene::hex("03 05 0800 4000 4000 0100 0100")], "pending");
    s.b.inject(&event(0x06, &[&[0x05], &LINK.to_le_bytes()]));
    let sent = s.signals();
    if s.b.host.links() > 0 {
        assert_eq!(sent, [super::scene::hex("03 05 0800 0000 4000 0300 0000")], "security block");
    }
    assert!(!accepted.is_done());
    s.ends_well();
}

/// The address of this device as a peer: a controller that lies, or a reflection.
#[test]
fn a_peer_with_the_address_of_this_device_does_not_pair() {
    let mut s = idle_with(config(), Controller::dual(), Store::memory(&[]));
    s.b.inject(&connection_request(Controller::ADDRESS));
    s.b.inject(&connection_complete(0, LINK, Controller::ADDRESS));
    s.pair_with(LINK, Controller::ADDRESS, 4, 1);
    assert_eq!(s.b.host.classic().bonds().count(), 0);
    s.ends_well();
}

#[test]
fn a_channel_of_an_open_listener_needs_no_key() {
    let mut s = linked();
    let open = s.open_with(OPEN, ClassicChannelConfig::BASIC.level(Level::Open), &[]);
    s.send(open.cid, b"abc");
    let (received, _) = s.receive(open.channel);
    assert_eq!(*received.borrow(), [b"abc"]);
    s.ends_well();
}
