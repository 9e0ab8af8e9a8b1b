//! C-frames, each answered at once.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_l2cap::fuzz::signalling(data));
