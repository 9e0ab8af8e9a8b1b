use hex_literal::hex;
use proptest::prelude::*;

use super::*;

fn round_trip(identifier: u8, command: Command, octets: &[u8]) {
    let mut buffer = [0; 32];
    let mut w = Writer::new(&mut buffer);
    command.write(identifier, &mut w).unwrap();
    assert_eq!(w.written(), octets);
    assert_eq!(Command::parse(octets), Ok((identifier, command)));
    let mut small = Writer::new(&mut buffer[..octets.len() - 1]);
    assert_eq!(command.write(identifier, &mut small), Err(NoRoom));
    assert!(small.is_empty());
}

#[test]
fn golden_vectors() {
    use Command as C;
    round_trip(7, C::Reject(Reject::NotUnderstood), &hex!("0107 0200 0000"));
    round_trip(7, C::Reject(Reject::MtuExceeded(23)), &hex!("0107 0400 0100 1700"));
    round_trip(7, C::Reject(Reject::InvalidCid(0x60, 0x61)), &hex!("0107 0600 0200 6000 6100"));
    round_trip(7, C::Reject(Reject::Other(9)), &hex!("0107 0200 0900"));
    let ends = Disconnection::new(Cid(0x40), Cid(0x41));
    round_trip(1, C::DisconnectionRequest(ends), &hex!("0601 0400 4000 4100"));
    round_trip(1, C::DisconnectionResponse(ends), &hex!("0701 0400 4000 4100"));
    let parameters = Parameters::new(6, 12, 1, 50);
    round_trip(2, C::ParameterRequest(parameters), &hex!("1202 0800 0600 0c00 0100 3200"));
    round_trip(2, C::ParameterResponse(1), &hex!("1302 0200 0100"));
    let request = ConnectionRequest {
        psm: 0x80.into(),
        scid: 0x40.into(),
        mtu: 100.into(),
        mps: 64.into(),
        credits: 4.into(),
    };
    round_trip(3, C::ConnectionRequest(request), &hex!("1403 0a00 8000 4000 6400 4000 0400"));
    let response = ConnectionResponse {
        dcid: 0x41.into(),
        mtu: 100.into(),
        mps: 64.into(),
        credits: 4.into(),
        result: 0.into(),
    };
    round_trip(3, C::ConnectionResponse(response), &hex!("1503 0a00 4100 6400 4000 0400 0000"));
    let credits = Credits { cid: 0x40.into(), credits: 2.into() };
    round_trip(255, C::Credits(credits), &hex!("16ff 0400 4000 0200"));
}

#[test]
fn names_of_values() {
    use std::format;
    assert_eq!(format!("{:?} {:?}", Code::ECHO_REQUEST, Code(0x3f)), "ECHO_REQUEST 0x3f");
    assert_eq!(format!("{:?}", ConnectionResult::NO_RESOURCES), "NO_RESOURCES");
}

#[test]
fn parameters_are_checked() {
    assert!(Parameters::new(6, 6, 0, 50).is_valid());
    for (min, max, latency, timeout) in [
        (5, 6, 0, 50),
        (7, 6, 0, 50),
        (6, 3201, 0, 3200),
        (6, 6, 500, 3200),
        (6, 6, 0, 9),
        (6, 6, 0, 3201),
        (40, 40, 0, 10),
    ] {
        assert!(!Parameters::new(min, max, latency, timeout).is_valid(), "{min} {max}");
    }
    assert!(Parameters::new(39, 39, 0, 10).is_valid());
}

proptest! {
    #[test]
    fn a_parsed_command_is_written_back_unchanged(octets in prop::collection::vec(any::<u8>(), 0..30)) {
        if let Ok((identifier, command)) = Command::parse(&octets) {
            let mut buffer = [0; 32];
            let mut w = Writer::new(&mut buffer);
            command.write(identifier, &mut w).unwrap();
            prop_assert_eq!(Command::parse(w.written()), Ok((identifier, command)));
        }
    }
}
