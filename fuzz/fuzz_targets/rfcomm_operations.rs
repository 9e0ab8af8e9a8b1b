//! Frames of the peer, calls of the application and time, on an RFCOMM session.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_rfcomm::fuzz::operations(data));
