//! Random packets, faults, calls and times: no panic and no endless loop, and after a reset the host behaves
//! like a new one.

use std::{cell::RefCell, rc::Rc};

use bindrune::{Address, Advertisement, Connection, Host, Opcode, Scan};
use bindrune_corpus::rows;
use bindrune_hostile::{Bench, Controller, Opcodes, Outcome, acl, l2cap};
use embassy_time::Duration;
use proptest::prelude::*;

use crate::scene::{CHANNEL, LEVEL, Log, PSM, config, connection_complete, drain, host, is_usable};

/// Rows that repeat a packet more often than this are shortened here.
const REPEATS: usize = 4;
/// Returns all octets of each packet of the table, including those of pairing.
fn packets() -> Vec<Vec<u8>> {
    rows().flat_map(|row| row.packets(REPEATS)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_life_ends_with_a_working_host(script in prop::collection::vec(any::<u8>(), 0..1500)) {
        let mut host = host();
        let whole = host.free_packets();
        let table = packets();
        {
            let host: &Host = &host;
            let mut life = Life::new(host, &table, &script);
            while life.step() {}
            let mut b = life.end();
            // A half-written packet is held until it is finished.
            b.run();
            // The rest of the line's contents is read.
            b.pass(Duration::from_secs(5));
            assert!(b.ended().is_none());
            assert_eq!(host.free_packets(), whole);
            is_usable(&mut b);
            b.abandon();
            assert_eq!(host.free_packets(), whole);
        }
        host.reset(config()).unwrap();
        assert_eq!(host.free_packets(), whole);
        is_usable(&mut Bench::new(&host, Controller::new()));
    }
}

/// A host, and the octets that control its life.
struct Life<'h, 's> {
    b: Bench<'h>,
    table: &'s [Vec<u8>],
    script: std::slice::Iter<'s, u8>,
    links: Rc<RefCell<Vec<Connection<'h>>>>,
    log: Log,
}

impl<'h, 's> Life<'h, 's> {
    fn new(host: &'h Host, table: &'s [Vec<u8>], script: &'s [u8]) -> Self {
        let mut script = script.iter();
        let extended = script.next().is_some_and(|octet| octet & 1 == 1);
        let controller = if extended { Controller::extended() } else { Controller::new() };
        let b = Bench::new(host, controller);
        Self { b, table, script, links: Rc::default(), log: Log::default() }
    }

    fn octet(&mut self) -> u8 {
        self.script.next().copied().unwrap_or(0)
    }

    fn octets(&mut self, most: u8) -> Vec<u8> {
        let len = self.octet() % most;
        self.script.by_ref().take(len.into()).copied().collect()
    }

    /// Runs one step; false at the end of the script.
    fn step(&mut self) -> bool {
        let Some(&what) = self.script.next() else { return false };
        match what % 32 {
            0..10 => self.row(|packet| packet[0] == 2),
            10 => self.row(|_| true),
            11..16 => self.data(),
            16 => self.event(),
            17..20 => self.link_up(),
            20 => self.pass(),
            21 => self.rare(),
            22..25 => self.call(),
            _ => self.call_on_link(),
        }
        assert!(self.b.host.links() <= 2);
        true
    }

    /// Sends a packet of the table of this kind, unchanged or with one octet changed.
    fn row(&mut self, kind: impl Fn(&[u8]) -> bool) {
        let choice = usize::from(self.octet()) << 8 | usize::from(self.octet());
        let of_kind: Vec<_> = self.table.iter().filter(|packet| kind(packet)).collect();
        let mut packet = of_kind[choice % of_kind.len()].clone();
        let (place, change) = (self.octet(), self.octet());
        // The headers of ACL packets stay; otherwise most packets would match no link.
        let behind = if packet[0] == 2 { 5 } else { 0 };
        if place < 128 && packet.len() > behind {
            let place = behind + usize::from(place) % (packet.len() - behind);
            packet[place] = match change {
                0..64 => 0,
                64..80 => 0xff,
                _ => packet[place] ^ change,
            };
        }
        self.b.inject(&packet);
    }

    /// Brings up a link, wanted or not.
    fn link_up(&mut self) {
        let (link, how) = (self.octet() & 1, self.octet());
        let role = match how % 8 {
            0..4 => {
                self.advertise();
                1
            }
            4..7 => {
                self.connect();
                0
            }
            _ => how >> 7,
        };
        self.b.inject(&connection_complete(0x40 + u16::from(link), role));
        if how & 8 == 8 {
            self.b.inject(&[4, 0x3e, 6, 0x12, 0, 0, 0x40 + link, 0, 1]);
        }
    }

    /// Lets up to a minute pass.
    fn pass(&mut self) {
        let time = u64::from(self.octet()).pow(2);
        self.b.pass(Duration::from_millis(time));
    }

    /// Ends links, and sometimes everything.
    fn rare(&mut self) {
        match self.octet() % 16 {
            0 => {
                let noise = self.octets(12);
                self.b.inject(&noise);
            }
            1..4 => {
                let (link, reason) = (self.octet() & 1, self.octet());
                self.b.inject(&[4, 5, 4, 0, 0x40 + link, 0, reason]);
            }
            4 => {
                self.b.stop();
                self.b.run();
            }
            5..11 => self.fault(),
            _ => self.heal(),
        }
    }

    /// Sends a PDU of any kind on a link, whole or in two fragments.
    fn data(&mut self) {
        let (link, cid, cut) = (self.octet() & 1, self.octet(), self.octet());
        let cid = match cid {
            0..96 => 4,
            96..160 => 5,
            160..240 => 0x40 + u16::from(cid & 3),
            _ => cid.into(),
        };
        let pdu = self.octets(80);
        let handle = 0x40 + u16::from(link);
        let frame = l2cap(cid, &pdu);
        let (first, rest) = frame.split_at(usize::from(cut).min(frame.len()));
        self.b.inject(&acl(handle, first));
        if !rest.is_empty() {
            let mut next = acl(handle, rest);
            next[2] = 0x10;
            self.b.inject(&next);
        }
    }

    fn event(&mut self) {
        const CODES: [u8; 12] =
            [0x05, 0x08, 0x0c, 0x0e, 0x0f, 0x10, 0x13, 0x1a, 0x30, 0x3e, 0x3e, 0x57];
        let code = CODES[usize::from(self.octet()) % CODES.len()];
        let mut parameters = self.octets(40);
        if let (0x3e, Some(subevent)) = (code, parameters.first_mut()) {
            *subevent %= 0x20;
        }
        let head = [4, code, parameters.len() as u8];
        self.b.inject(&[&head[..], &parameters].concat());
    }

    fn fault(&mut self) {
        let (what, how) = (self.octet(), self.octet());
        match what % 8 {
            0 => self.b.controller().mute = Opcodes::All,
            1 | 2 => {
                self.b.controller().mute = Opcodes::Only(vec![0x2000 | u16::from(how % 0x48)]);
            }
            3 => self.b.controller().num_packets = 0,
            4 | 5 => self.b.controller().completes = false,
            6 => self.b.chunk(1),
            _ => self.b.take(Some(how.into())),
        }
    }

    /// Removes all faults of the controller.
    fn heal(&mut self) {
        self.b.chunk(usize::MAX);
        self.b.take(None);
        let mut controller = self.b.controller();
        controller.mute = Opcodes::None;
        controller.num_packets = 1;
        controller.completes = true;
    }

    fn advertise(&mut self) -> Outcome<()> {
        let (host, links, log) = (self.b.host, self.links.clone(), self.log.clone());
        self.b.spawn(async move {
            if let Ok(link) = host.advertise(&Advertisement::connectable()).await {
                links.borrow_mut().push(link.clone());
                drain(link, log).await;
            }
        })
    }

    fn connect(&mut self) -> Outcome<()> {
        let (host, links, log) = (self.b.host, self.links.clone(), self.log.clone());
        self.b.spawn(async move {
            if let Ok(link) = host.connect(&Address::public([1, 2, 3, 4, 5, 6])).await {
                links.borrow_mut().push(link.clone());
                drain(link, log).await;
            }
        })
    }

    /// Makes a call of the application on the host.
    fn call(&mut self) {
        let (what, cut) = (self.octet(), self.octet());
        let host = self.b.host;
        let task = match what % 6 {
            0 => self.advertise(),
            1 => self.connect(),
            2 => self.b.spawn(async move {
                let Ok(mut scanner) = host.scan(&Scan::active()) else { return };
                while scanner.next(&mut [0; 40]).await.is_ok() {}
            }),
            3 => self.b.spawn(async move {
                let _answer = host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await;
            }),
            _ => self.b.spawn(async move {
                let Ok(mut listener) = host.listen(PSM, CHANNEL) else { return };
                while let Ok((_link, mut channel)) = listener.accept().await {
                    while channel.recv(&mut [0; 128]).await.is_ok() {}
                }
            }),
        };
        if cut < 48 {
            task.cancel();
        }
    }

    /// Makes a call of the application on one of its links.
    fn call_on_link(&mut self) {
        let (which, what, cut) = (self.octet(), self.octet(), self.octet());
        let found = self.links.borrow().iter().nth_back(usize::from(which & 3)).cloned();
        let Some(link) = found else { return };
        let task = match what % 10 {
            0 => self.b.spawn(async move {
                let Ok(mut channel) = link.open_channel(PSM, CHANNEL).await else { return };
                let _sent = channel.send(&[9; 90]).await;
                let _closed = channel.close().await;
            }),
            1 => self.b.spawn(async move { _ = link.read(3, &mut [0; 512]).await }),
            2 => self.b.spawn(async move {
                let mut services = link.services();
                while let Ok(Some(service)) = services.next().await {
                    let mut characteristics = service.characteristics();
                    while let Ok(Some(_)) = characteristics.next().await {}
                }
            }),
            3 => self.b.spawn(async move { _ = link.notify(&LEVEL, &[1]).await }),
            4 => self.b.spawn(async move { _ = link.indicate(&LEVEL, &[2]).await }),
            5 => self.b.spawn(async move { _ = link.disconnect().await }),
            6 => self.b.spawn(async move { _ = link.exchange_mtu().await }),
            7 => self.b.spawn(async move { _ = link.write(5, &[3; 60]).await }),
            8 => self.b.spawn(async move { _ = link.rssi().await }),
            _ => self.b.spawn(async move {
                let Ok(mut values) = link.listen(3) else { return };
                while values.next(&mut [0; 16]).await.is_ok() {}
            }),
        };
        if cut < 48 {
            task.cancel();
        }
    }

    /// Drops the application and `run`, and removes all faults of the controller.
    fn end(mut self) -> Bench<'h> {
        self.b.abandon();
        self.links.borrow_mut().clear();
        self.heal();
        self.b
    }
}
