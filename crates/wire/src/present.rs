/// A field of a structure, with which the compiler makes `None` of an `Option` of that structure all zero.
///
/// A `static` of zeros takes no flash. Only that depends on it: `None` may be anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Present {
    /// The structure is there.
    Here = 1,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_no_room_beside_an_option() {
        struct With(bool, Present);
        assert_eq!(size_of::<Option<With>>(), size_of::<With>());
        let with = Some(With(true, Present::Here));
        assert!(with.is_some_and(|with| with.0 && with.1 == Present::Here));
    }
}
