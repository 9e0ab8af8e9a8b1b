//! Operations and time on the command lane and the credits.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_hci::fuzz::lane(data));
