//! An ATT PDU, parsed and written back.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_att::fuzz::pdu(data));
