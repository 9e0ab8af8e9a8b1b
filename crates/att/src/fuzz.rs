//! Bodies of fuzz targets; every input is valid.

use bindrune_wire::{Interest, Writer, time::Instant};
use embassy_time::Duration;

use crate::{Bearer, Command, Incoming, Opcode, Push, Request, Response};

/// Parses `data` as each family of PDU. A parsed PDU is written back as the same octets (a request may shorten a
/// UUID).
pub fn pdu(data: &[u8]) {
    let mut buffer = [0; 1024];
    let data = data.get(..buffer.len()).unwrap_or(data);
    let mut again = |write: &dyn Fn(&mut Writer<'_>) -> bool| {
        let mut w = Writer::new(&mut buffer);
        assert!(write(&mut w));
        w.written() == data
    };
    if let Ok(request) = Request::parse(data) {
        again(&|w| request.write(w).is_ok() && Request::parse(w.written()) == Ok(request));
    }
    if let Ok(command) = Command::parse(data) {
        assert!(again(&|w| command.write(w).is_ok()));
    }
    if let Ok(push) = Push::parse(data) {
        assert!(again(&|w| push.write(w).is_ok()));
        if let Push::MultipleNotification(list) = push {
            assert!(list.iter().count() > 0);
        }
    }
    if let Ok(response) = Response::parse(data) {
        assert!(again(&|w| response.write(w).is_ok()));
        walk(response);
    }
}

/// Plays `data` into a bearer: each octet selects an operation, and a PDU takes the octets after it.
pub fn bearer(data: &[u8]) {
    let mut bearer = Bearer::new(64);
    let mut now = Instant::ZERO;
    let mut rest = data;
    while let Some((&operation, tail)) = rest.split_first() {
        rest = tail;
        match operation & 0x0f {
            0 => bearer.answered(),
            1 => bearer.confirm(),
            2 => bearer.exchange_mtu(now),
            3 => bearer.abandon_request(),
            4 if bearer.may_request() => bearer.request_sent(now, Opcode(operation >> 3)),
            5 if bearer.may_indicate() => bearer.indication_sent(now),
            6 => now += Duration::from_secs(operation.into()),
            7 => bearer.handle_timeout(now),
            8 | 9 => drain(&mut bearer),
            _ => {
                let (pdu, tail) = rest.split_at(usize::from(operation >> 4).min(rest.len()));
                rest = tail;
                let pending = bearer.is_serving();
                let early = bearer.handle_pdu(now, pdu) == Incoming::Early;
                assert!(!early || pending, "a request only waits for another request");
            }
        }
        assert!((23..=64).contains(&bearer.mtu()));
        assert!(!bearer.is_dead() || !bearer.may_request() && !bearer.may_indicate());
    }
    drain(&mut bearer);
    assert!(bearer.poll_timeout().is_none_or(|(at, _)| at > Instant::ZERO));
}

fn drain(bearer: &mut Bearer) {
    let mut buffer = [0; 23];
    for _ in 0..1024 {
        let pending = bearer.interest() != Interest::None;
        let wrote = bearer.poll_transmit(&mut Writer::new(&mut buffer));
        assert_eq!(wrote, pending, "interest and transmit agree");
        if !wrote {
            return;
        }
    }
    assert_eq!(bearer.interest(), Interest::None, "the number of pending PDUs is bounded");
}

fn walk(response: Response<'_>) {
    let entries = match response {
        Response::FindInformation(list) => (0..).map_while(|i| list.get(i)).count(),
        Response::ReadByType(list) => list.iter().count(),
        Response::ReadByGroupType(list) => list.iter().count(),
        Response::ReadMultipleVariable(list) => list.iter().count(),
        Response::FindByTypeValue(list) => list.len(),
        Response::Error(_)
        | Response::ExchangeMtu { .. }
        | Response::Read { .. }
        | Response::ReadBlob { .. }
        | Response::ReadMultiple { .. }
        | Response::Write
        | Response::PrepareWrite { .. }
        | Response::ExecuteWrite => 1,
    };
    assert!(entries > 0);
}
