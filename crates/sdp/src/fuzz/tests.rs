use std::vec::Vec;

use proptest::{collection::vec, prelude::*};

/// Octets that are often a header of an element or of a PDU.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        any::<u8>(),
        0u8..8,
        prop::sample::select(&[0x08u8, 0x09, 0x0a, 0x19, 0x1a, 0x25, 0x35, 0x36, 0x3d][..]),
    ];
    vec(octet, 0..200)
}

/// A good request in the form of the server's body, with one octet changed.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let good = prop::sample::select(
        &[
            &[2u8, 0, 1, 0, 8, 0x35, 3, 0x19, 1, 0, 0, 9, 0] as &[u8],
            &[4, 0, 1, 0, 14, 0, 1, 0, 0, 0, 7, 0x35, 5, 0x0a, 0, 0, 255, 255, 0],
            &[6, 0, 1, 0, 15, 0x35, 3, 0x19, 1, 0, 0, 9, 0x35, 5, 0x0a, 0, 0, 255, 255, 0],
        ][..],
    );
    (good, any::<u8>(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(good, operation, at, octet)| {
            let mut pdu = good.to_vec();
            let at = at.index(pdu.len() * 4);
            if let Some(changed) = pdu.get_mut(at) {
                *changed = octet;
            }
            let mut input = std::vec![operation, u8::try_from(pdu.len()).unwrap()];
            input.append(&mut pdu);
            input
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_octets_are_an_element_or_not(data in octets()) {
        super::element(&data);
    }

    #[test]
    fn a_server_survives_any_requests(data in octets(), requests in vec(request(), 0..20)) {
        super::server(&data);
        super::server(&requests.concat());
    }

    #[test]
    fn a_client_survives_any_responses(data in octets()) {
        super::client(&data);
    }
}
