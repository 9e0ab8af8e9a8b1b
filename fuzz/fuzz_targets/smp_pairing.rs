//! A pairing: PDUs, jobs, answers and time.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_smp::fuzz::pairing(data));
