//! A whole host: its controller, its peers, its application, time and faults.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_hostile::fuzz::host(data));
