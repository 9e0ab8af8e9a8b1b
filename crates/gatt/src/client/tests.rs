mod discover;
mod read;
mod server;
mod subscribe;
mod write;

use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;

use self::server::Server;
use super::*;

const MTU: u16 = 23;

/// Returns the next request as it goes on the air.
fn request(procedure: &mut dyn Procedure) -> Result<Vec<u8>, ClientError> {
    let mut buffer = [0; 600];
    let mut w = Writer::new(&mut buffer);
    let opcode = procedure.request(MTU, &mut w)?;
    assert_eq!(opcode.map(|opcode| opcode.0), w.written().first().copied());
    Ok(w.written().to_vec())
}

/// A trace: each expected request and its response.
#[track_caller]
fn trace(procedure: &mut dyn Procedure, packets: &[(&[u8], &[u8])]) {
    for &(sent, received) in packets {
        assert_eq!(request(procedure).unwrap(), sent);
        procedure.response(received).unwrap();
    }
}

/// Checks that the procedure makes no further request.
#[track_caller]
fn is_over(procedure: &mut dyn Procedure) {
    assert_eq!(request(procedure), Ok(Vec::new()));
}

/// Checks that each response alone makes the procedure fail for good.
#[track_caller]
fn refuses<P: Procedure + Clone>(procedure: &P, rows: &[(&[u8], ClientError)]) {
    for &(received, error) in rows {
        let mut procedure = procedure.clone();
        request(&mut procedure).unwrap();
        assert_eq!(procedure.response(received), Err(error), "{received:02x?}");
        is_over(&mut procedure);
    }
}

/// Returns all results against a conforming server, and the number of requests.
fn all<D: Discovery>(mut discovery: D, server: &mut Server, mtu: u16) -> (Vec<D::Item>, usize) {
    let (mut items, mut pdu, mut requests) = (Vec::new(), Vec::new(), 0);
    loop {
        while let Some(item) = discovery.next(&pdu) {
            items.push(item);
        }
        let mut buffer = [0; 600];
        let mut w = Writer::new(&mut buffer);
        if discovery.request(mtu, &mut w).unwrap().is_none() {
            return (items, requests);
        }
        requests += 1;
        pdu = server.answer(w.written(), mtu);
        assert!(pdu.len() <= mtu.into());
        discovery.response(&pdu).unwrap();
    }
}

#[test]
fn a_request_without_room_is_written_later() {
    let mut services = Services::primary();
    let mut buffer = [0; 6];
    let full = services.request(MTU, &mut Writer::new(&mut buffer));
    assert_eq!(full, Err(ClientError::NoRoom));
    assert_eq!(request(&mut services).unwrap(), hex!("10 0100 ffff 0028"));
}

#[test]
fn errors_are_readable() {
    use std::string::ToString;
    let error = ClientError::Att { code: ErrorCode::READ_NOT_PERMITTED, handle: 3 };
    assert_eq!(error.to_string(), "read not permitted (0x02) at handle 0x0003");
}

proptest! {
    #[test]
    fn any_server_is_survived(pick in any::<u8>(), mut data in proptest::collection::vec(any::<u8>(), 1..300)) {
        data[0] = pick;
        fuzz::client(&data);
    }
}
