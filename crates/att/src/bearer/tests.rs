use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;

use super::*;

/// A bearer with MTU 247 and a clock, so that scripts read as packet traces.
struct Side {
    bearer: Bearer,
    now: Instant,
}

impl Side {
    fn new() -> Self {
        Self { bearer: Bearer::new(247), now: Instant::from_secs(100) }
    }

    fn rx<'p>(&mut self, pdu: &'p [u8]) -> Incoming<'p> {
        self.bearer.handle_pdu(self.now, pdu)
    }

    fn ignores(&mut self, pdu: &[u8]) {
        let before = self.bearer.dropped();
        assert_eq!(self.rx(pdu), Incoming::Nothing);
        assert_eq!(self.bearer.dropped(), before + 1, "{pdu:02x?}");
        self.has_nothing_pending();
    }

    fn tx(&mut self) -> Vec<u8> {
        let mut buffer = [0; 247];
        let mut w = Writer::new(&mut buffer);
        let pending = self.bearer.interest() == Interest::Urgent;
        assert_eq!(self.bearer.poll_transmit(&mut w), pending);
        w.written().to_vec()
    }

    fn has_nothing_pending(&mut self) {
        assert_eq!(self.tx(), []);
    }

    fn sends(&mut self, request: Opcode) {
        assert!(self.bearer.may_request());
        self.bearer.request_sent(self.now, request);
        assert!(!self.bearer.may_request());
    }

    fn after(&mut self, time: Duration) {
        self.now += time;
        self.bearer.handle_timeout(self.now);
    }
}

#[test]
fn a_request_is_pending_until_it_is_answered() {
    let mut s = Side::new();
    assert_eq!(s.rx(&hex!("0a 0300")), Incoming::Request(Request::Read { handle: 3 }));
    assert_eq!(s.bearer.interest(), Interest::None);
    s.bearer.answered();
    assert_eq!(s.rx(&hex!("0a 0400")), Incoming::Request(Request::Read { handle: 4 }));
}

/// [Vol 3] Part F, 3.3.2
#[test]
fn a_second_request_is_early_until_the_first_is_answered() {
    let mut s = Side::new();
    s.rx(&hex!("0a 0300"));
    for early in [&hex!("0a 0400")[..], &hex!("02 6400"), &hex!("0a"), &hex!("22")] {
        assert!(s.bearer.is_serving());
        assert_eq!(s.rx(early), Incoming::Early);
        s.has_nothing_pending();
    }
    assert_eq!(s.bearer.mtu(), 23);
    s.bearer.answered();
    assert!(!s.bearer.is_serving());
    // If passed again, each is handled as if it came now; so is a request after an answer of the
    // bearer's own.
    assert_eq!(s.rx(&hex!("02 6400")), Incoming::Nothing);
    assert_eq!(s.rx(&hex!("0a 0400")), Incoming::Early);
    assert_eq!(s.tx(), hex!("03 f700"));
    assert_eq!(s.rx(&hex!("0a 0400")), Incoming::Request(Request::Read { handle: 4 }));
}

/// [Vol 3] Part F, 3.2.8
#[test]
fn a_pdu_longer_than_the_mtu_is_not_carried_out() {
    let mut s = Side::new();
    let mut write = hex!("12 0300").to_vec();
    write.resize(24, 0x41);
    assert_eq!(s.rx(&write), Incoming::Nothing);
    assert_eq!(s.tx(), hex!("01 12 0000 04"));
    let mut command = write.clone();
    command[0] = 0x52;
    s.ignores(&command);
    assert!(matches!(s.rx(&write[..23]), Incoming::Request(_)));
    s.bearer.answered();
    s.rx(&hex!("02 1800"));
    s.tx();
    assert!(matches!(s.rx(&command), Incoming::Command(_)));
    assert!(matches!(s.rx(&write), Incoming::Request(_)));
}

/// Row Q01, and a PDU beyond our MTU (row Q51).
#[test]
fn empty_and_overlong_pdus_are_ignored() {
    let mut s = Side::new();
    s.ignores(&[]);
    s.ignores(&[0x0a; 248]);
    s.sends(Opcode::READ_REQ);
    s.ignores(&[0x0b; 248]);
    assert_eq!(s.rx(&[0x0b; 247]), Incoming::Response(&[0x0b; 247]));
}

/// Row Q02.
#[test]
fn unknown_requests_are_not_supported() {
    let mut s = Side::new();
    for (pdu, error) in [
        (&hex!("00 2200")[..], hex!("01 00 0000 06")),
        (&hex!("3f 010203"), hex!("01 3f 0000 06")),
        (&hex!("22"), hex!("01 22 0000 06")),
        (&hex!("8a 0300"), hex!("01 8a 0000 06")),
    ] {
        assert_eq!(s.rx(pdu), Incoming::Nothing);
        assert_eq!(s.tx(), error);
        s.has_nothing_pending();
    }
}

/// [Vol 3] Part F, 3.3: and row Q37, signed writes too short to hold a signature.
#[test]
fn unknown_and_malformed_commands_are_ignored() {
    let mut s = Side::new();
    s.ignores(&hex!("7f 01"));
    s.ignores(&hex!("52 03"));
    s.ignores(&hex!("d2 0300 41"));
    s.ignores(&hex!("d2 0300 00000000000000000000"));
    let value = Command::Write { handle: 3, value: b"A" };
    assert_eq!(s.rx(&hex!("52 0300 41")), Incoming::Command(value));
}

/// Rows Q08 to Q25.
#[test]
fn malformed_requests_are_invalid_pdus() {
    let rows: [&[u8]; 13] = [
        &hex!("0a"),
        &hex!("0a03"),
        &hex!("0a030000"),
        &hex!("0801000010"),
        &hex!("080100ffff030201"),
        &hex!("100100ffff"),
        &hex!("0e0300"),
        &hex!("20"),
        &hex!("160300"),
        &hex!("18"),
        &hex!("180100"),
        &hex!("060100ffff"),
        &hex!("0200"),
    ];
    let mut s = Side::new();
    for pdu in rows {
        assert_eq!(s.rx(pdu), Incoming::Nothing);
        assert_eq!(s.tx(), [1, pdu[0], 0, 0, 4], "{pdu:02x?}");
    }
    assert_eq!(s.bearer.dropped(), 13);
}

/// Row Q04.
#[test]
fn responses_without_a_request_are_ignored() {
    let mut s = Side::new();
    for pdu in [&hex!("0b41")[..], &hex!("1e"), &hex!("13"), &hex!("010a030001"), &hex!("01")] {
        s.ignores(pdu);
    }
}

/// Rows Q05 and Q06. [Vol 3] Part F, 3.4.2.2
#[test]
fn the_mtu_is_the_lesser_of_both_and_at_least_23() {
    for (request, mtu) in [
        (hex!("02 0000"), 23),
        (hex!("02 1600"), 23),
        (hex!("02 6400"), 100),
        (hex!("02 ffff"), 247),
    ] {
        let mut s = Side::new();
        assert_eq!(s.rx(&request), Incoming::Nothing);
        assert_eq!(s.bearer.mtu(), 23, "the response still goes at the old MTU");
        assert_eq!(s.tx(), hex!("03 f700"));
        assert_eq!(s.bearer.mtu(), mtu);
    }
    assert_eq!(Bearer::new(0).mtu(), 23);
}

/// Row Q53, and both sides exchange the MTU at once.
#[test]
fn the_client_exchanges_the_mtu_once() {
    for (response, mtu) in [
        (&hex!("03 0000")[..], 23),
        (&hex!("03"), 23),
        (&hex!("03 b900"), 185),
        (&hex!("01 02 0000 06"), 23),
    ] {
        let mut s = Side::new();
        s.bearer.exchange_mtu(s.now);
        assert!(!s.bearer.may_request());
        assert_eq!(s.tx(), hex!("02 f700"));
        s.has_nothing_pending();
        assert_eq!(s.rx(response), Incoming::MtuExchanged);
        assert_eq!(s.bearer.mtu(), mtu);
        s.bearer.exchange_mtu(s.now);
        s.has_nothing_pending();
        assert!(s.bearer.may_request());
    }
    let mut s = Side::new();
    s.bearer.exchange_mtu(s.now);
    s.rx(&hex!("02 6400"));
    assert_eq!((s.tx(), s.tx()), (hex!("03 f700").to_vec(), hex!("02 f700").to_vec()));
    assert_eq!(s.rx(&hex!("03 6400")), Incoming::MtuExchanged);
    assert_eq!(s.bearer.mtu(), 100);
}

#[test]
fn the_mtu_request_waits_its_turn() {
    let mut s = Side::new();
    s.sends(Opcode::READ_REQ);
    s.bearer.exchange_mtu(s.now);
    s.has_nothing_pending();
    s.now += Duration::from_secs(20);
    assert_eq!(s.rx(&hex!("0b")), Incoming::Response(&hex!("0b")));
    assert!(!s.bearer.may_request());
    assert_eq!(s.bearer.poll_timeout(), Some((s.now + TRANSACTION_TIMEOUT, Timer::Request)));
    assert_eq!(s.tx(), hex!("02 f700"));
}

#[test]
fn responses_are_matched_by_opcode() {
    let mut s = Side::new();
    s.sends(Opcode::READ_REQ);
    s.ignores(&hex!("13"));
    s.ignores(&hex!("01 12 0300 01"));
    assert_eq!(s.rx(&hex!("01 0a 0300 01")), Incoming::Response(&hex!("01 0a 0300 01")));
    s.sends(Opcode::READ_BY_GROUP_TYPE_REQ);
    assert_eq!(
        s.rx(&hex!("1100")),
        Incoming::Response(&hex!("1100")),
        "a malformed response ends the transaction"
    );
    assert!(s.bearer.may_request());
}

#[test]
fn requests_may_cross() {
    let mut s = Side::new();
    s.sends(Opcode::READ_REQ);
    assert_eq!(s.rx(&hex!("0a 0300")), Incoming::Request(Request::Read { handle: 3 }));
    assert_eq!(s.rx(&hex!("0b 41")), Incoming::Response(&hex!("0b 41")));
    assert!(s.bearer.may_request());
}

#[test]
fn an_abandoned_request_never_answers_the_next() {
    let mut s = Side::new();
    s.sends(Opcode::READ_REQ);
    s.bearer.abandon_request();
    assert!(!s.bearer.may_request());
    assert_eq!(s.rx(&hex!("0b 41")), Incoming::Nothing);
    assert_eq!(s.bearer.dropped(), 0);
    s.sends(Opcode::READ_REQ);
    assert_eq!(s.rx(&hex!("0b 42")), Incoming::Response(&hex!("0b 42")));
}

/// Row Q57. [Vol 3] Part F, 3.3.3
#[test]
fn a_transaction_times_out_and_the_bearer_is_dead() {
    for abandoned in [false, true] {
        let mut s = Side::new();
        s.sends(Opcode::READ_REQ);
        if abandoned {
            s.bearer.abandon_request();
        }
        let (at, timer) = s.bearer.poll_timeout().unwrap();
        assert_eq!((at, timer), (s.now + Duration::from_secs(30), Timer::Request));
        s.after(Duration::from_millis(29_999));
        assert!(!s.bearer.is_dead());
        s.after(Duration::from_millis(1));
        assert!(s.bearer.is_dead() && !s.bearer.may_request() && !s.bearer.may_indicate());
        assert_eq!(s.bearer.poll_timeout(), None);
        s.ignores(&hex!("0b 41"));
        s.bearer.exchange_mtu(s.now);
        s.has_nothing_pending();
        let request = Incoming::Request(Request::Read { handle: 3 });
        assert_eq!(s.rx(&hex!("0a 0300")), request, "the peer's requests are still served");
    }
}

#[test]
fn one_indication_is_outstanding() {
    let mut s = Side::new();
    assert!(s.bearer.may_indicate());
    s.bearer.indication_sent(s.now);
    assert!(!s.bearer.may_indicate() && s.bearer.may_request());
    s.ignores(&hex!("1e 00"));
    assert_eq!(s.rx(&hex!("1e")), Incoming::Confirmed);
    assert!(s.bearer.may_indicate());
    s.bearer.indication_sent(s.now);
    assert_eq!(s.bearer.poll_timeout().unwrap().1, Timer::Indication);
    s.after(TRANSACTION_TIMEOUT);
    assert!(s.bearer.is_dead());
}

/// Row Q54.
#[test]
fn indications_are_confirmed_once_they_are_stored() {
    let mut s = Side::new();
    s.ignores(&hex!("1b"));
    s.ignores(&hex!("1b 03"));
    let unknown = Push::Notification { handle: 0xffff, value: b"A" };
    assert_eq!(s.rx(&hex!("1b ffff 41")), Incoming::Push(unknown));
    let empty = Push::Indication { handle: 3, value: &[] };
    assert_eq!(s.rx(&hex!("1d 0300")), Incoming::Push(empty));
    s.has_nothing_pending();
    s.bearer.confirm();
    assert_eq!(s.tx(), hex!("1e"));
    s.has_nothing_pending();
    s.bearer.confirm();
    s.has_nothing_pending();
}

/// A peer that does not wait for the confirmation gets one for each indication.
#[test]
fn hasty_indications_are_confirmed_once_each() {
    let mut s = Side::new();
    for _ in 0..2 {
        assert!(matches!(s.rx(&hex!("1d 0300 41")), Incoming::Push(_)));
    }
    s.bearer.confirm();
    s.bearer.confirm();
    assert_eq!((s.tx(), s.tx(), s.tx()), ([0x1e].to_vec(), [0x1e].to_vec(), Vec::new()));
}

/// Row Q55.
#[test]
fn a_lying_multiple_notification_is_dropped_whole() {
    let mut s = Side::new();
    s.ignores(&hex!("23 0300 0900 4142"));
    s.ignores(&hex!("23 0300 0100 41 0400 0900 42"));
    let Incoming::Push(Push::MultipleNotification(list)) = s.rx(&hex!("23 0300 0100 41 0400 0000"))
    else {
        panic!()
    };
    assert_eq!(list.iter().count(), 2);
}

#[test]
fn a_pdu_without_room_stays_pending() {
    let mut s = Side::new();
    s.rx(&hex!("02 f700"));
    let mut buffer = [0; 2];
    assert!(!s.bearer.poll_transmit(&mut Writer::new(&mut buffer)));
    assert_eq!(s.bearer.mtu(), 23);
    assert_eq!(s.tx(), hex!("03 f700"));
    assert_eq!(s.bearer.mtu(), 247);
}

#[test]
fn the_earliest_deadline_is_reported() {
    let mut s = Side::new();
    s.sends(Opcode::READ_REQ);
    s.now += Duration::from_secs(1);
    s.bearer.indication_sent(s.now);
    assert_eq!(s.bearer.poll_timeout().unwrap().1, Timer::Request);
    s.rx(&hex!("0b"));
    assert_eq!(s.bearer.poll_timeout().unwrap().1, Timer::Indication);
}

proptest! {
    #[test]
    fn any_operations_keep_the_rules(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        crate::fuzz::bearer(&data);
    }
}
