//! Every wait ends.

use bindrune_hci::cmd::classic::UserConfirmationRequestNegativeReply;

use super::*;

const NO_IO: HciIo = HciIo::NO_INPUT_NO_OUTPUT;
const GENERAL: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING;

impl Fixture {
    /// Waits until just before the deadline, then until it.
    #[track_caller]
    fn wait_until_deadline(&mut self, seconds: u64) {
        let at = self.now + Duration::from_secs(seconds);
        assert_eq!(self.security.poll_timeout(), Some((at, Timer::Step)));
        self.security.handle_timeout(at - Duration::from_ticks(1));
        assert_eq!(self.security.poll_timeout(), Some((at, Timer::Step)));
        self.wait(seconds);
    }
}

#[test]
fn a_silent_controller_ends_the_link_after_30_seconds() {
    // Each step of a pairing that this side starts.
    for steps in 0..4 {
        let mut fixture = Fixture::new(Config::DEFAULT);
        fixture.require(Level::Encrypted);
        fixture.expect_authentication();
        if steps > 0 {
            fixture.link_key_request();
            fixture.expect_no_key();
        }
        if steps > 1 {
            fixture.io_request();
            fixture.expect_io(NO_IO, GENERAL);
        }
        if steps > 2 {
            fixture.io_response(NO_IO, GENERAL);
        }
        fixture.wait_until_deadline(30);
        assert_eq!(fixture.ended(), Failure::Timeout, "{steps}");
        assert_eq!(fixture.security.poll_timeout(), None);
        fixture.quiet();
    }
}

#[test]
fn a_peer_that_stops_pairing_is_disconnected() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.io_response(NO_IO, GENERAL);
    fixture.wait_until_deadline(30);
    assert_eq!(fixture.ended(), Failure::Timeout);
}

#[test]
fn a_user_has_30_seconds() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.require(Level::Encrypted);
    fixture.start_pairing();
    fixture.expect_io(NO_IO, GENERAL);
    fixture.io_response(NO_IO, GENERAL);
    fixture.confirmation(1);
    let (serial, _) = fixture.question();
    fixture.wait_until_deadline(30);
    fixture.expect(&UserConfirmationRequestNegativeReply { address: address(PEER) });
    assert_eq!(fixture.outcome(), Err(Failure::Refused));
    assert!(!fixture.security.answer(fixture.now, 0, serial, Answer::Yes));
    // The authentication must end too.
    fixture.wait_until_deadline(30);
    assert_eq!(fixture.ended(), Failure::Timeout);
}

#[test]
fn encryption_starts_in_40_seconds() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated256);
    fixture.require(Level::Encrypted);
    fixture.expect_authentication();
    fixture.link_key_request();
    fixture.expect_key();
    fixture.authenticated(Status::SUCCESS);
    fixture.expect_encryption();
    fixture.wait_until_deadline(40);
    assert_eq!(fixture.ended(), Failure::Timeout);
}

#[test]
fn keypresses_give_time_but_not_for_ever() {
    let config = Config { io: IoCapability::DisplayOnly, ..Config::DEFAULT };
    let mut fixture = Fixture::new(config);
    let begin = fixture.now;
    fixture.io_response(HciIo::KEYBOARD_ONLY, AuthenticationRequirements::GENERAL_BONDING_MITM);
    fixture.io_request();
    fixture.expect_io(HciIo::DISPLAY_ONLY, GENERAL);
    fixture.passkey_shown(1);
    fixture.events();
    let mut presses = 0;
    while fixture.security.is_pairing(0) {
        fixture.keypress(Keypress::DIGIT_ENTERED);
        fixture.wait(20);
        presses += 1;
        assert!(presses < 100);
    }
    assert_eq!(fixture.now.since(begin), Duration::from_secs(300));
    assert_eq!(fixture.ended(), Failure::Timeout);
}

#[test]
fn keypresses_without_a_shown_passkey_give_no_time() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.io_response(NO_IO, GENERAL);
    fixture.wait(20);
    fixture.keypress(Keypress::DIGIT_ENTERED);
    fixture.wait(10);
    assert_eq!(fixture.ended(), Failure::Timeout);
}

#[test]
fn a_repeated_request_gives_no_time() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_io(NO_IO, GENERAL);
    fixture.confirmation(1);
    let (serial, _) = fixture.question();
    fixture.wait(20);
    fixture.confirmation(1);
    assert_eq!(fixture.events(), []);
    fixture.wait(10);
    fixture.expect(&UserConfirmationRequestNegativeReply { address: address(PEER) });
    assert!(!fixture.security.answer(fixture.now, 0, serial, Answer::Yes));
}

#[test]
fn the_end_of_the_link_does_not_hide_why_the_pairing_failed() {
    for silent in [true, false] {
        let config = Config { io: IoCapability::DisplayYesNo, ..Config::DEFAULT };
        let mut fixture = Fixture::new(config);
        fixture.require(Level::Authenticated);
        fixture.start_pairing();
        // The peer cannot reach the level, which is refused at the next step; but that step does not come.
        fixture.io_response(NO_IO, GENERAL);
        fixture.events();
        if silent {
            fixture.wait(30);
            assert_eq!(fixture.ended(), Failure::Terms);
        } else {
            fixture.authenticated(Status::AUTHENTICATION_FAILURE);
            assert_eq!(fixture.outcome(), Err(Failure::Terms));
        }
    }
}
