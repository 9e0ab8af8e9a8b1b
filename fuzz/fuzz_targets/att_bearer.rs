//! Operations, PDUs and time on an ATT bearer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_att::fuzz::bearer(data));
