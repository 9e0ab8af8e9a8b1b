//! Bytes of the peer, calls of the application and time on L2CAP channels.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_l2cap::fuzz::operations(data));
