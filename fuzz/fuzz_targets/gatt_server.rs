//! PDUs to a GATT server, with arbitrary security and answers of the application.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_gatt::fuzz::server(data));
