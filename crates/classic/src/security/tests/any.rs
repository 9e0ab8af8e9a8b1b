//! Any inputs in any order, through the bodies of the fuzz targets.

use proptest::prelude::*;

use crate::security::fuzz;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_inputs_are_survived(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        fuzz::security(&data);
    }

    /// Mostly steps of pairings, so that many succeed.
    #[test]
    fn any_order_of_plausible_steps_is_survived(
        steps in proptest::collection::vec((0u8..16, 0u8..16, any::<u8>()), 0..150),
    ) {
        let data: std::vec::Vec<u8> = steps
            .into_iter()
            .flat_map(|(op, what, more)| [op & 0x0f, what, more & 3])
            .collect();
        fuzz::security(&data);
    }

    #[test]
    fn any_record_is_survived(data in proptest::collection::vec(any::<u8>(), 0..40)) {
        fuzz::bond(&data);
    }
}
