//! Advertising data of unknown devices. [Vol 3] Part C, 11

use bindrune::{AdData, AdType, Uuid};
use bindrune_corpus::Row;
use bindrune_hostile::Controller;

use crate::{
    parts,
    scene::{is_usable, scanning},
};

/// Receives the row's report, and checks its data.
fn receives(row: &Row, look: impl FnOnce(AdData<'_>)) {
    let (mut b, reports) = scanning(Controller::new());
    b.inject(&parts(row)[0]);
    b.expect_silence();
    {
        let reports = reports.borrow();
        assert_eq!(reports.len(), 1);
        let data = AdData::new(&reports[0].data);
        println!("{data:?} {:?}", data.name());
        look(data);
    }
    is_usable(&mut b);
}

cases! {
    d01: |row| receives(row, |data| {
        assert_eq!(data.octets(), [0; 5]);
        assert_eq!(data.structures().count(), 0);
        assert!(!data.is_malformed());
    }),
    d02: |row| receives(row, |data| {
        assert!(data.is_malformed() && data.name().is_none());
    }),
    d04: |row| receives(row, |data| {
        assert_eq!(data.flags().map(|flags| flags.bits()), Some(6));
        assert!(data.is_malformed());
    }),
    d05: |row| receives(row, |data| {
        assert_eq!(data.find(AdType::COMPLETE_LOCAL_NAME), Some(&[0xff, 0xfe, 0xfd][..]));
        assert!(data.name().is_some());
    }),
    d06: |row| receives(row, |data| {
        assert!(data.services().eq([Uuid::new_16(0xbbaa)]));
    }),
    d08: |row| receives(row, |data| {
        assert_eq!(data.find(AdType(0x31)), Some(&[1, 2, 3, 4, 5, 0xc0][..5]));
    }),
}
