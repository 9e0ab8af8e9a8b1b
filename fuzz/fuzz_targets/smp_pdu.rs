//! A PDU of the Security Manager.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune_smp::fuzz::pdu(data));
