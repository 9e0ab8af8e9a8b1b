//! Requests of the application for BR/EDR, and a controller that sends arbitrary answers and events.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_classic::fuzz::gap(data));
