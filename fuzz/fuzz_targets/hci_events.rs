//! An HCI event packet, parsed and written back.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_hci::fuzz::events(data));
