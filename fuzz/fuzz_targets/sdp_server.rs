//! Requests to an SDP server whose records change.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_sdp::fuzz::server(data));
