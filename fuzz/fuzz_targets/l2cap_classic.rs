//! Two ends of a BR/EDR link, their applications, a hostile peer and time.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_l2cap::classic::fuzz::links(data));
