//! Responses to an SDP client.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_sdp::fuzz::client(data));
