//! Frames of the peer, calls of the application and time on a BR/EDR channel, in each mode.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_l2cap::classic::mode::fuzz::transfer(data));
