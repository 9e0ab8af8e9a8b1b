//! Two hosts with a BR/EDR link that send arbitrary bytes to virtual controllers, at any time.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_controller::fuzz::classic_hosts(data));
