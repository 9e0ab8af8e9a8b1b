//! The keys that one user presses are reported to the other side.

use bindrune::{IoCapability, Keypress, PairingConfig, PasskeyEntry, Question};
use bindrune_pair::Scene;
use embassy_futures::join::join3;

use super::{reader, safe, with_io};

const fn keys(io: IoCapability, keypress: bool) -> PairingConfig {
    PairingConfig { keypress, ..with_io(io) }
}

/// Two digits, one of them erased, all cleared, then six.
const PRESSED: [Keypress; 13] = [
    Keypress::STARTED,
    Keypress::DIGIT_ENTERED,
    Keypress::DIGIT_ENTERED,
    Keypress::DIGIT_ERASED,
    Keypress::CLEARED,
    Keypress::DIGIT_ENTERED,
    Keypress::DIGIT_ENTERED,
    Keypress::DIGIT_ENTERED,
    Keypress::DIGIT_ENTERED,
    Keypress::DIGIT_ENTERED,
    Keypress::DIGIT_ENTERED,
    Keypress::COMPLETED,
    Keypress::COMPLETED,
];

/// Enters the passkey of a lock, with a pause before each key, in milliseconds; returns the lock's events during the
/// entry, and after it.
fn keypresses(
    seed: u64,
    keypress: [bool; 2],
    pause: u64,
) -> (Vec<(u8, bool)>, Option<PasskeyEntry>) {
    let scene = Scene::new(seed);
    let lock = scene.device(safe(keys(IoCapability::DisplayOnly, keypress[0])));
    let phone = scene.device(reader(keys(IoCapability::KeyboardOnly, keypress[1])));
    scene.run(&[&lock, &phone], async {
        let (_there, here) = scene.connect(&lock, &phone).await;
        let mut at_lock = lock.host().pairing_requests().unwrap();
        let mut at_phone = phone.host().pairing_requests().unwrap();
        let shown = core::cell::Cell::new(0);
        let show = async {
            let request = at_lock.next().await;
            let Question::Display(passkey) = request.question() else {
                panic!("{:?}", request.question())
            };
            shown.set(passkey);
            let mut entries = Vec::new();
            while let Some(entry) = request.keypress_received().await {
                entries.push((entry.digits, entry.completed));
            }
            (entries, request.keypress_received().await)
        };
        let enter = async {
            let mut request = at_phone.next().await;
            assert_eq!(request.question(), Question::Input);
            for keypress in PRESSED {
                scene.sleep(pause).await;
                request.keypress(keypress);
            }
            scene.sleep(150).await;
            request.passkey(shown.get());
        };
        let (paired, keypresses, ()) = join3(here.pair(), show, enter).await;
        assert!(paired.unwrap().authenticated);
        keypresses
    })
}

#[test]
fn the_side_that_shows_a_passkey_sees_the_progress_of_the_other() {
    // A person is slower than a connection interval.
    let (entries, late) = keypresses(990, [true, true], 150);
    let digits = [(0, false), (1, false), (2, false), (1, false), (0, false)];
    let again = (1..=6).map(|digits| (digits, false));
    let expected: Vec<_> = digits.into_iter().chain(again).chain([(6, true), (6, true)]).collect();
    assert_eq!(entries, expected);
    assert_eq!(late, None);
}

#[test]
fn no_keypress_is_sent_unless_both_sides_support_it() {
    for keypress in [[false, true], [true, false]] {
        assert_eq!(keypresses(991, keypress, 150), (vec![], None));
    }
}

#[test]
fn keys_that_are_pressed_faster_than_they_are_sent_are_all_reported() {
    let (entries, _) = keypresses(992, [true, true], 0);
    assert_eq!(entries.last(), Some(&(6, true)));
}
