use crate::{Elements, Record};

/// The records of a server: encoded records one after another, in the order of their handles.
///
/// [`Service::encode`](crate::Service::encode) writes such records, and a [`Registry`](crate::Registry) keeps them. The
/// server adds its own record, of handle 0.
#[derive(Clone, Copy, Debug)]
pub struct Database<'a> {
    records: Elements<'a>,
    state: u32,
}

impl<'a> Database<'a> {
    /// Creates a database. `state` must change whenever a record is added, removed or changed: a continuation state
    /// from before is refused then, and clients may read the number. [Vol 3] Part B, 5.2.4
    #[must_use]
    pub const fn new(records: &'a [u8], state: u32) -> Self {
        Self { records: Elements::new(records), state }
    }

    /// Returns the number that changes with the records.
    #[must_use]
    pub const fn state(&self) -> u32 {
        self.state
    }

    /// Returns the records, without the server's own one.
    pub fn records(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        self.records.filter_map(|element| element.elements().map(Record::new))
    }
}
