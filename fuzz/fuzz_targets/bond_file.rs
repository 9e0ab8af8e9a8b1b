//! A file of bonds, and its copy.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindrune::fuzz::bond_file(data));
