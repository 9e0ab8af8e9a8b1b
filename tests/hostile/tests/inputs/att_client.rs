//! The GATT client against hostile servers. [Vol 3] Part F and G

use bindrune::{Error, RemoteCharacteristic, Uuid};
use bindrune_corpus::Row;
use bindrune_hostile::Outcome;
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    parts,
    scene::{ATT, Linked, linked},
};

/// Starts a read that waits for its response.
fn reading() -> (Linked, Outcome<Result<Vec<u8>, Error>>) {
    let mut s = linked();
    let conn = s.conn.clone();
    let read = s.b.spawn(async move {
        let mut value = [0; 600];
        let len = conn.read(3, &mut value).await?;
        Ok(value[..len].to_vec())
    });
    s.b.expect(ATT, &[&hex!("0a 0300")]);
    (s, read)
}

/// Checks that discovery of services fails with this response, and that the client can continue.
fn services_fail(part: &[u8]) {
    let mut s = linked();
    let conn = s.conn.clone();
    let found = s.b.spawn(async move {
        let mut services = conn.services();
        let mut count = 0;
        while services.next().await?.is_some() {
            count += 1;
        }
        Ok::<_, Error>(count)
    });
    s.b.expect(ATT, &[&hex!("10 0100 ffff 0028")]);
    s.b.inject(part);
    assert!(found.take().is_err());
    s.b.expect_silence();
    reads_on(s);
}

/// Checks that a read succeeds.
fn reads_on(mut s: Linked) {
    let conn = s.conn.clone();
    let read = s.b.spawn(async move { conn.read(3, &mut [0; 8]).await });
    s.b.expect(ATT, &[&hex!("0a 0300")]);
    s.att(&hex!("0b 41"));
    assert_eq!(read.take(), Ok(1));
    s.is_as_before();
}

/// Answers requests, as the peer, until the task has ended.
fn serve<T>(s: &mut Linked, task: &Outcome<T>, answer: impl Fn(&[u8]) -> Vec<u8>) {
    for _ in 0..16 {
        if task.is_done() {
            return;
        }
        let (_, request) =
            s.b.frames().pop().unwrap_or_else(|| panic!("the client sends no request"));
        s.att(&answer(&request[4..]));
    }
    panic!("the task does not end");
}

/// Returns Attribute Not Found for this request.
fn nothing(request: &[u8]) -> Vec<u8> {
    vec![0x01, request[0], request[1], request[2], 0x0a]
}

/// Returns a characteristic whose descriptors can be discovered.
fn characteristic(s: &mut Linked) -> RemoteCharacteristic<'static> {
    let conn = s.conn.clone();
    let found = s.b.spawn(async move {
        conn.service(Uuid::new_16(0x180f)).await?.characteristic(Uuid::new_16(0x2a19)).await
    });
    serve(s, &found, |request| match request {
        [0x06, 0x01, ..] => hex!("07 0100 0900").to_vec(),
        [0x08, 0x01 | 0x02, ..] => hex!("09 07 0200 12 0300 192a").to_vec(),
        _ => nothing(request),
    });
    found.take().unwrap()
}

/// Returns a link on which the host watches the peer's Service Changed, whose value is at 0x000a.
fn watching() -> Linked {
    let mut s = linked();
    let conn = s.conn.clone();
    let watched = s.b.spawn(async move { conn.watch_services().await });
    serve(&mut s, &watched, |request| match request {
        [0x06, 0x01, ..] => hex!("07 0800 0b00").to_vec(),
        [0x08, 0x08 | 0x09, ..] => hex!("09 07 0900 20 0a00 052a").to_vec(),
        [0x04, ..] => hex!("05 01 0b00 0229").to_vec(),
        [0x12, 0x0b, 0x00, 0x02, 0x00] => vec![0x13],
        _ => nothing(request),
    });
    assert_eq!(watched.take(), Ok(()));
    s
}

fn descriptors_fail(part: &[u8]) {
    let mut s = linked();
    let characteristic = characteristic(&mut s);
    s.b.sent();
    let found = s.b.spawn(async move { characteristic.descriptors().next().await.map(|_| ()) });
    s.b.expect(ATT, &[&hex!("04 0400 0900")]);
    s.b.inject(part);
    assert!(found.take().is_err());
    s.b.expect_silence();
    reads_on(s);
}

/// Returns a link on which a task records the notifications and indications of a value.
fn listening(handle: u16) -> (Linked, std::rc::Rc<core::cell::RefCell<Vec<Vec<u8>>>>) {
    let mut s = linked();
    let values = std::rc::Rc::new(core::cell::RefCell::new(Vec::new()));
    let (seen, conn) = (values.clone(), s.conn.clone());
    s.b.spawn(async move {
        let mut subscription = conn.listen(handle).unwrap();
        let mut buffer = [0; 64];
        while let Ok(len) = subscription.next(&mut buffer).await {
            seen.borrow_mut().push(buffer[..len].to_vec());
        }
    });
    (s, values)
}

fn exchange(row: &Row, part: usize) -> Result<usize, Error> {
    let mut s = linked();
    let conn = s.conn.clone();
    let mtu = s.b.spawn(async move { conn.exchange_mtu().await });
    s.b.expect(ATT, &[&hex!("02 f700")]);
    s.b.inject(&parts(row)[part]);
    assert_eq!(s.conn.mtu(), Ok(23));
    let mtu = mtu.take();
    reads_on(s);
    mtu
}

cases! {
    q46: |row| parts(row).iter().for_each(|part| services_fail(part)),
    q47: |row| parts(row).iter().for_each(|part| descriptors_fail(part)),
    q49: |row| services_fail(&parts(row)[0]),
    q50: |row| {
        let (mut s, read) = reading();
        s.att(&[&[0x0b][..], &[b'a'; 22]].concat());
        let mut used = 0;
        for part in parts(row) {
            if read.is_done() {
                break;
            }
            s.b.inject(&part);
            used += 1;
        }
        assert!(used <= 24, "{used}");
        assert!(read.take().is_ok_and(|value| value.len() == 512));
        s.b.sent();
        reads_on(s);
    },
    q51: |row| {
        let (mut s, read) = reading();
        for part in parts(row) {
            s.b.inject(&part);
            s.b.expect_silence();
        }
        if !read.is_done() {
            s.att(&hex!("0b 41"));
            assert_eq!(read.take(), Ok(vec![0x41]));
            reads_on(s);
        }
    },
    q53: |row| {
        assert_eq!(exchange(row, 0), Ok(23));
        assert!(matches!(exchange(row, 1), Ok(23) | Err(_)));
    },
    q54: |row| {
        let (mut s, values) = listening(3);
        let parts = parts(row);
        for part in &parts[..3] {
            s.b.inject(part);
            s.b.expect_silence();
        }
        s.b.inject(&parts[3]);
        s.b.expect(ATT, &[&hex!("1e")]);
        assert_eq!(*values.borrow(), [b""]);
        s.att(&hex!("1b 0300 41"));
        assert_eq!(*values.borrow(), [&b""[..], b"A"]);
        s.is_as_before();
    },
    q55: |row| {
        let (mut s, values) = listening(3);
        s.b.inject(&parts(row)[0]);
        s.b.expect_silence();
        assert!(values.borrow().is_empty());
        s.is_as_before();
    },
    q57: |row| {
        let (mut s, read) = reading();
        s.b.pass(Duration::from_millis(29_999));
        assert!(!read.is_done());
        s.b.pass(Duration::from_millis(2));
        assert_eq!(read.take(), Err(Error::TransactionTimeout));
        s.b.sent();
        s.b.inject(&parts(row)[0]);
        s.b.expect_silence();
        let conn = s.conn.clone();
        let again = s.b.spawn(async move { conn.read(3, &mut [0; 8]).await });
        assert_eq!(again.take(), Err(Error::TransactionTimeout));
        s.b.expect_silence();
    },
    q59: |row| {
        let mut s = watching();
        s.b.inject(&parts(row)[0]);
        s.b.expect(ATT, &[&hex!("1e")]);
        let log = s.log.borrow().join(" ");
        assert!(log.contains("ServiceChanged { start: 1, end: 65535 }"), "{log}");
        s.is_as_before();
    },
}

/// No attribute has the handle 0, so no subscription gets its value, including subscriptions that are not in use.
#[test]
fn a_push_of_handle_0_is_dropped() {
    let mut s = linked();
    s.att(&hex!("1b 0000 41"));
    s.b.expect_silence();
    s.att(&hex!("23 0000 0100 41 0000 0100 42"));
    s.b.expect_silence();
    s.att(&hex!("1d 0000 41"));
    s.b.expect(ATT, &[&hex!("1e")]);
    assert_eq!(s.b.host.stats().unclaimed_notifications, 4);
    s.is_as_before();
}

/// Returns a peer's answers: two services with two values each.
fn two_services(request: &[u8]) -> Vec<u8> {
    match *request {
        [0x10, 1, ..] => hex!("11 06 0100 0300 0f18 0400 0600 0a18").to_vec(),
        [0x10, 4, ..] => hex!("11 06 0400 0600 0a18").to_vec(),
        [0x08, from @ 1..=3, 0, _, _, 0x03, 0x28] if from <= 2 => {
            hex!("09 07 0200 02 0300 192a").to_vec()
        }
        [0x08, from @ 4..=5, 0, _, _, 0x03, 0x28] if from <= 5 => {
            hex!("09 07 0500 02 0600 292a").to_vec()
        }
        [0x08, 1..=3, 0, _, _, 0x19, 0x2a] => hex!("09 03 0300 07").to_vec(),
        [0x0e, ..] => hex!("0f 01 02").to_vec(),
        [0x20, ..] => hex!("21 0100 07 0100 08").to_vec(),
        _ => nothing(request),
    }
}

#[test]
fn cursors_that_hold_all_packets_delay_no_other() {
    let mut s = linked();
    let mut cursors = vec![];
    for _ in 0..24 {
        let conn = s.conn.clone();
        let begun = s.b.spawn(async move {
            let mut services = conn.services();
            services.next().await.unwrap().unwrap();
            services
        });
        serve(&mut s, &begun, two_services);
        cursors.push(begun.take());
    }
    let conn = s.conn.clone();
    let all = s.b.spawn(async move {
        let mut found = vec![];
        let mut services = conn.services();
        while let Some(service) = services.next().await? {
            let mut characteristics = service.characteristics();
            while let Some(one) = characteristics.next().await? {
                found.push(one.handle());
            }
        }
        let mut values = conn.values_by_uuid(1, 0xffff, Uuid::new_16(0x2a19));
        assert_eq!(values.next(&mut [0; 4]).await?, Some((3, 1)));
        assert_eq!(values.next(&mut [0; 4]).await?, None);
        assert_eq!(conn.read_multiple(&[3, 6], &mut [0; 4]).await?, 2);
        let mut lengths = vec![];
        conn.read_multiple_variable(&[3, 6], |handle, len, _| lengths.push((handle, len))).await?;
        assert_eq!(lengths, [(3, 1), (6, 1)]);
        Ok::<_, Error>(found)
    });
    serve(&mut s, &all, two_services);
    assert_eq!(all.take(), Ok(vec![3, 6]));
    // Each cursor continues at its position.
    for mut services in cursors {
        let rest = s.b.spawn(async move {
            let second = services.next().await.unwrap().unwrap().range();
            (second, services.next().await.unwrap().is_none())
        });
        serve(&mut s, &rest, two_services);
        assert_eq!(rest.take(), ((4, 6), true));
    }
    s.is_as_before();
}
