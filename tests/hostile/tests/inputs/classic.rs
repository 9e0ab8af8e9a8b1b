//! BR/EDR: bytes and orders of packets that no correct peer or controller sends, and the answer to each.
//!
//! A row of [`answers`] is what the peer sends, and what this device answers; the other rows are functions. After each
//! one [`scene::Dual::ends_well`] checks that nothing is left of it, and that the host serves another peer and LE.

/// Creates a test for each row: the setting, what the peer sends on a channel, and what this device answers there.
macro_rules! answers {
    ($setting:expr, $cid:expr;
     $($(#[$meta:meta])* $name:ident: [$($input:literal),*] => [$($answer:literal),*],)*) => {
        $($(#[$meta])* #[test]
        fn $name() {
            let mut s = $setting;
            for input in [$($input),*] {
                s.send($cid.0, &crate::classic::scene::hex(input));
            }
            let answers: Vec<Vec<u8>> = vec![$(crate::classic::scene::hex($answer)),*];
            let answers: Vec<&[u8]> = answers.iter().map(|answer| &answer[..]).collect();
            s.b.expect($cid.1, &answers);
            s.ends_well();
        })*
    };
}

mod configuration;
mod early;
mod events;
mod retransmission;
mod rfcomm;
mod scene;
mod sdp;
mod security;
mod signalling;
mod stalls;
