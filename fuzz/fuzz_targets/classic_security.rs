//! Security of BR/EDR links: events of the controller, answers and time.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_classic::fuzz::security(data));
