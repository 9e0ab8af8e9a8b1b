//! A frame of RFCOMM, and the messages in it.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_rfcomm::fuzz::frame(data));
