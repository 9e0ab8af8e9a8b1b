//! A GATT client procedure against a server that sends arbitrary bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_gatt::client::fuzz::client(data));
