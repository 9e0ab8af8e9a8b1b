//! Capabilities of the controller. [Vol 4] Part E, 7.4

use bindrune_hci::Status;

use super::{Answer, Entry, Needs};

pub(super) const TABLE: &[Entry] = &[Entry {
    opcode: 0x1004,
    place: (14, 6),
    length: 1,
    answer: Answer::Complete { echo: 1, more: 9 },
    needs: Needs::Nothing,
    run: |call, p| {
        let page = p.u8();
        if page > LAST_PAGE {
            return Err(Status::INVALID_PARAMETERS);
        }
        let features = call.controller().lmp_features(page).to_le_bytes();
        Ok([&[LAST_PAGE][..], &features].concat())
    },
}];

/// The highest page of LMP features.
const LAST_PAGE: u8 = 2;
