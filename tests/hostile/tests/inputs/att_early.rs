//! Peers that do not wait for the reply to their last request. [Vol 3] Part F, 3.3.2

use std::{cell::RefCell, rc::Rc};

use bindrune::{Advertisement, Characteristic, Connection, Event, Service, Uuid, WriteRequest};
use bindrune_hostile::Store;
use hex_literal::hex;

use crate::scene::{ASKED, ATT, LINK, Linked, Log, config, connection_complete, idle_with};

static VALUE: Characteristic = Characteristic::new(Uuid::new_16(0xff01))
    .read()
    .write()
    .write_without_response()
    .value(b"0123456789")
    .max_len(100);
static SERVICES: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&VALUE, &ASKED])];

type Held = Rc<RefCell<Vec<WriteRequest<'static>>>>;

/// Returns a link whose application leaves every write unanswered until the test answers it.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other events are ignored")]
fn holding() -> (Linked, Held) {
    let mut b = idle_with(config().services(SERVICES), Store::memory(&[]));
    let (held, conn) = (Held::default(), Rc::<RefCell<Option<Connection<'static>>>>::default());
    let (writes, slot, host) = (held.clone(), conn.clone(), b.host);
    b.spawn(async move {
        let mut link = host.advertise(&Advertisement::connectable()).await.unwrap();
        *slot.borrow_mut() = Some(link.clone());
        loop {
            match link.next().await {
                Event::Write(write) => writes.borrow_mut().push(write),
                Event::Disconnected(_) => return,
                _ => {}
            }
        }
    });
    b.inject(&connection_complete(LINK, 1));
    b.sent();
    let conn = conn.borrow_mut().take().unwrap();
    (Linked::new(b, conn, Log::default()), held)
}

impl Linked {
    /// Writes `value` to the characteristic whose writes are held, and checks that the host does not
    /// answer yet.
    fn asks_for(&mut self, value: u8) {
        let [low, high] = self.handle(&ASKED).to_le_bytes();
        self.att(&[0x12, low, high, value]);
        self.b.expect_silence();
    }
}

#[test]
fn a_second_request_is_answered_after_the_first() {
    let (mut s, held) = holding();
    s.asks_for(1);
    s.att(&hex!("02 4100"));
    s.b.expect_silence();
    assert_eq!(s.conn.mtu(), Ok(23));
    held.borrow_mut().pop().unwrap().accept();
    s.b.settle();
    s.b.expect(ATT, &[&hex!("13"), &hex!("03 f700")]);
    assert_eq!(s.conn.mtu(), Ok(65));
    assert_eq!(s.b.host.stats().att_violations, 1);
    assert_eq!(s.b.host.stats().dropped_requests, 0);
    s.is_as_before();
}

#[test]
fn a_third_request_is_dropped_and_counted() {
    let (mut s, held) = holding();
    s.asks_for(1);
    s.att(&hex!("0a 0300"));
    for _ in 0..100 {
        s.att(&hex!("0a 0000"));
    }
    s.b.expect_silence();
    assert_eq!(s.b.host.stats().dropped_requests, 100);
    held.borrow_mut().pop().unwrap().accept();
    s.b.settle();
    let frames = s.b.frames();
    assert_eq!(frames.len(), 2, "{frames:02x?}");
    assert_eq!((frames[0].1[4], frames[1].1[4]), (0x13, 0x0b));
    s.is_as_before();
}

#[test]
fn commands_do_not_overtake_an_early_request() {
    let (mut s, held) = holding();
    let [low, high] = s.handle(&VALUE).to_le_bytes();
    s.asks_for(1);
    s.att(&[0x12, low, high, b'r']);
    s.att(&[0x52, low, high, b'c']);
    let mut value = [0; 16];
    assert_eq!(s.b.host.gatt().read(&VALUE, &mut value), Ok(10));
    held.borrow_mut().pop().unwrap().accept();
    s.b.settle();
    s.b.expect(ATT, &[&hex!("13"), &hex!("13")]);
    assert_eq!(s.b.host.gatt().read(&VALUE, &mut value), Ok(1));
    assert_eq!(value[0], b'c', "the command is the last event");
    s.is_as_before();
}

#[test]
fn early_requests_end_with_the_link() {
    let (mut s, held) = holding();
    let free = s.b.host.free_packets();
    s.asks_for(1);
    s.att(&hex!("0a 0300"));
    s.b.inject(&hex!("0405 04 00 4000 13"));
    held.borrow_mut().clear();
    s.b.settle();
    assert_eq!(s.b.host.free_packets(), free);
    assert_eq!(s.b.host.stats().dropped_requests, 1);
}

/// [Vol 3] Part F, 3.2.8
#[test]
fn a_write_longer_than_the_mtu_is_not_carried_out() {
    let (mut s, _) = holding();
    let [low, high] = s.handle(&VALUE).to_le_bytes();
    for opcode in [0x12, 0x52] {
        let mut write = vec![opcode, low, high];
        write.resize(24, b'x');
        s.att(&write);
    }
    s.b.expect(ATT, &[&hex!("01 12 0000 04")]);
    let mut value = [0; 512];
    assert_eq!(s.b.host.gatt().read(&VALUE, &mut value), Ok(10));
    assert_eq!(s.b.host.stats().att_violations, 2);
    s.is_as_before();
}
