/// A field with which the compiler represents `None` of an `Option` of its structure as all zeros.
///
/// A `static` of zeros takes no flash. Nothing else depends on this representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Present {
    /// The structure is present.
    Here = 1,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn present_adds_no_size_to_an_option() {
        struct With(bool, Present);
        assert_eq!(size_of::<Option<With>>(), size_of::<With>());
        let with = Some(With(true, Present::Here));
        assert!(with.is_some_and(|with| with.0 && with.1 == Present::Here));
    }
}
