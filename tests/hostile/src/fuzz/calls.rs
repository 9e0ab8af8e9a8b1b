//! Calls of the application on the host, and faults.

use core::cell::Cell;
use std::rc::Rc;

use bindrune::{
    AddressMode, Advertisement, ChannelConfig, Connect, ConnectionResult,
    Controller as HostController, Key, Level, Opcode, Psm, Scan,
};
use embassy_time::Duration;

use super::{
    app::{Until, Waiting, keep},
    config::{CAPTURED, CAPTURED_MAX, LEVEL, OTHERS, SERVICES, VALUE},
    controller::Faults,
    numbered,
    peers::{PEERS, PSM, address},
    reach::reached,
    step::Bytes,
    world::World,
};
use crate::Stall;

/// Receive parameters of the ends of a channel.
pub(crate) const CHANNEL: ChannelConfig = ChannelConfig { mtu: Some(100), mps: 64, window: 3 };

impl World<'_> {
    /// Starts the tasks that the application runs by itself from the beginning.
    pub(crate) fn habits(&mut self, habits: u8) {
        let (host, app) = (self.host, self.app.clone());
        if habits & 1 == 0 {
            self.spawn("ask the user", Until::Dropped, app.clone().ask_user(host));
        }
        if habits & 2 == 0 {
            self.call(10, &[0; 13]);
        } else if habits & 0x10 == 0 {
            self.decide_channels(0);
        }
        if habits & 0x20 == 0 {
            self.take_captured(CAPTURED_MAX.into());
        }
        if habits & 4 == 0 {
            self.spawn("peripheral", Until::Dropped, async move {
                loop {
                    let waiting = Waiting::new(&app.advertisers);
                    let link = host.advertise(&Advertisement::connectable()).await;
                    drop(waiting);
                    let Ok(link) = link else { return };
                    keep(&app.links, link.clone());
                    app.unserved.borrow_mut().push(link);
                }
            });
        }
    }

    /// A call on the host.
    pub(crate) fn call(&mut self, what: u8, octets: &Bytes) {
        let (host, app) = (self.host, self.app.clone());
        let [how, more, ..] = *octets;
        match what % 24 {
            0..5 => self.advertise(how, more),
            5..8 => self.connect(how, more),
            8 | 9 => self.spawn("scan", Until::Dropped, async move {
                let scan = if how & 1 == 0 { Scan::active() } else { Scan::passive() };
                let Ok(mut scanner) = host.scan(&scan) else { return };
                while scanner.next(&mut [0; 40]).await.is_ok() {}
            }),
            10 | 11 => self.spawn("listen", Until::Dropped, async move {
                let Ok(mut listener) = host.listen(Psm(PSM), CHANNEL) else { return };
                while let Ok((link, channel)) = listener.accept().await {
                    keep(&app.channels, channel);
                    if how & 1 == 0 {
                        keep(&app.links, link);
                    }
                }
            }),
            12 => self.spawn("ask the user", Until::Dropped, app.ask_user(host)),
            13 => self.raw_command(how, more),
            14 => self.spawn("controller", Until::Soon, async move {
                _ = host.controller().await;
            }),
            15 => self.spawn("LE Rand", Until::Soon, async move {
                _ = HostController::new(host).rand().await;
            }),
            16 => self.spawn("P-256", Until::Soon, async move {
                _ = HostController::new(host).p256_public_key().await;
            }),
            17 => self.spawn("LE Encrypt", Until::Soon, async move {
                _ = HostController::new(host).encrypt(&Key::new([how; 16]), [more; 16]).await;
            }),
            18 => self.bonds(how),
            19 => {
                let services = if how & 1 == 0 { SERVICES } else { OTHERS };
                _ = host.gatt().replace(services);
            }
            20 => _ = host.gatt().write(if how & 1 == 0 { &VALUE } else { &LEVEL }, octets),
            21 | 22 => self.spawn("notify all", Until::Soon, async move {
                _ = host.gatt().notify_all(&LEVEL, &[how]).await;
            }),
            _ => match how >> 5 {
                0..4 => self.app.holds.set(how & 1 == 1),
                4 | 5 => self.set_address_mode(how),
                6 => self.decide_channels(how),
                _ => self.take_captured(if how & 3 == 0 { 1 } else { CAPTURED_MAX.into() }),
            },
        }
    }

    fn set_address_mode(&mut self, how: u8) {
        let host = self.host;
        let mode = match how & 3 {
            0 => AddressMode::Public,
            1 => AddressMode::Static,
            2 => AddressMode::Resolvable,
            _ => AddressMode::NonResolvable,
        };
        self.spawn("address mode", Until::Soon, async move {
            _ = host.set_address_mode(mode).await;
        });
    }

    /// Takes captured writes, into a buffer of this length.
    fn take_captured(&mut self, len: usize) {
        let (host, app) = (self.host, self.app.clone());
        self.spawn("captured writes", Until::Dropped, async move {
            let mut buffer = vec![0; len];
            while let Ok((link, len)) = host.gatt().written(&CAPTURED, &mut buffer).await {
                reached("a captured write");
                numbered::received(&buffer[..len], false);
                keep(&app.links, link);
            }
        });
    }

    /// Decides requests for channels: accepts, refuses, drops them, or leaves them undecided for a while.
    fn decide_channels(&mut self, how: u8) {
        let (host, app) = (self.host, self.app.clone());
        self.spawn("channel requests", Until::Dropped, async move {
            let requests = host.listen_for_requests(Psm(PSM), CHANNEL, Level::Open);
            let Ok(mut requests) = requests else { return };
            for number in how.. {
                let request = requests.next().await;
                reached("a request for a channel");
                match number & 7 {
                    0..4 => {
                        let Ok((link, channel)) = request.accept() else { continue };
                        keep(&app.links, link);
                        keep(&app.channels, channel);
                    }
                    4 => request.refuse(ConnectionResult::INSUFFICIENT_AUTHORIZATION),
                    5 => drop(request),
                    _ => keep(&app.channel_requests, request),
                }
            }
        });
    }

    fn advertise(&mut self, how: u8, more: u8) {
        let (host, app) = (self.host, self.app.clone());
        let advertisement = match how & 15 {
            0..9 => Advertisement::connectable(),
            9 => Advertisement::non_connectable(),
            10 => Advertisement::scannable().name("s"),
            11 => Advertisement::directed(address(more % PEERS)),
            12 => Advertisement::connectable().extended(),
            _ => Advertisement::connectable().name("bindrune"),
        };
        let timed = how & 0x30 == 0x30;
        let advertisement = if timed {
            advertisement.timeout(Duration::from_millis(10 * (1 + u64::from(more))))
        } else {
            advertisement
        };
        if matches!(how & 15, 9 | 10) {
            let until = if timed { Until::Soon } else { Until::Dropped };
            return self.spawn("broadcast", until, async move {
                let Ok(mut broadcast) = host.broadcast(&advertisement) else { return };
                broadcast.ended().await;
            });
        }
        let until = Rc::new(Cell::new(if timed { Until::Soon } else { Until::Dropped }));
        self.spawn_until("advertise", until.clone(), async move {
            let waiting = (!timed).then(|| Waiting::new(&app.advertisers));
            let Ok(link) = host.advertise(&advertisement).await else { return };
            drop(waiting);
            until.set(Until::LinkEnds);
            app.linked(link, how & 0x40 == 0).await;
        });
    }

    fn connect(&mut self, how: u8, more: u8) {
        let (host, app) = (self.host, self.app.clone());
        let peer = address(how % PEERS);
        let connect = match how >> 3 & 3 {
            3 => Connect::any(),
            _ => Connect::to(peer),
        };
        let timed = how & 0x60 == 0x60;
        let connect = if timed {
            connect.timeout(Duration::from_millis(100 * (1 + u64::from(more))))
        } else {
            connect
        };
        // An attempt that waits for another one has no limit of its own.
        let until = Rc::new(Cell::new(Until::Dropped));
        self.spawn_until("connect", until.clone(), async move {
            let peers = [peer, address(more % PEERS)];
            let any = connect.peer.is_none();
            let peers = if any { &peers[..1 + usize::from(more >> 7)] } else { &[] };
            let waiting = Waiting::new(&app.connectors);
            let Ok(link) = host.connect_with(&connect, peers).await else { return };
            drop(waiting);
            until.set(Until::LinkEnds);
            app.linked(link, how & 0x80 == 0).await;
        });
    }

    fn raw_command(&mut self, how: u8, more: u8) {
        const OPCODES: [Opcode; 5] = [
            Opcode::LE_RAND,
            Opcode::READ_LOCAL_VERSION,
            Opcode::LE_READ_CHANNEL_MAP,
            Opcode::VENDOR_READ_STATIC_ADDRESSES,
            Opcode(0xfcff),
        ];
        let opcode = OPCODES[usize::from(how) % OPCODES.len()];
        let host = self.host;
        self.spawn("raw command", Until::Soon, async move {
            let mut returned = [0; 12];
            let room = if more & 7 == 0 { 0 } else { 12 };
            _ = host.raw_command(opcode, &[], &mut returned[..room]).await;
        });
    }

    fn bonds(&mut self, how: u8) {
        let host = self.host;
        let peer = address(how >> 4);
        match how & 7 {
            0..4 => self.spawn("remove a bond", Until::Soon, async move {
                _ = host.bonds().remove(&peer).await;
            }),
            4 => self.spawn("remove all bonds", Until::Soon, async move {
                _ = host.bonds().clear().await;
            }),
            5 => self.spawn("bonds are loaded", Until::Soon, async move {
                _ = host.bonds().loaded().await;
            }),
            _ => self.spawn("out-of-band data", Until::Soon, async move {
                _ = host.oob().await;
            }),
        }
    }

    /// Injects a fault.
    pub(crate) fn fault(&mut self, what: u8, octets: &Bytes) {
        let [how, more, ..] = *octets;
        let mut line = self.line.borrow_mut();
        let faults = &mut line.controller.faults;
        match what % 16 {
            0 => faults.mute_all = true,
            1..4 => faults.mute = Some(opcode(how)),
            4 | 5 => {
                self.honest = false;
                faults.refused = Some((opcode(how), 1 + (more & 0x3f)));
            }
            6 => faults.num_packets = how & 1,
            7 | 8 => faults.completes = false,
            9 | 10 => faults.holds = true,
            11 => line.chunk = 1 + usize::from(how & 15),
            12 => line.allow(Some(how.into())),
            13 if how & 3 == 0 => line.set_broken(true),
            13 => {
                self.store.stall([Stall::Load, Stall::Before, Stall::After][usize::from(how) % 3])
            }
            14 => {
                drop(line);
                self.tasks.retain(|task| task.until() != Until::Transport);
            }
            _ => {
                drop(line);
                self.second_run();
            }
        }
    }

    /// Calls `run` on the host again.
    fn second_run(&mut self) {
        if self.runs() {
            let run = self.drive();
            self.spawn("second run", Until::Soon, async move {
                let why = run.await;
                assert!(matches!(why, bindrune::RunError::AlreadyRunning), "a second run: {why}");
            });
        }
    }

    /// Removes all faults of the controller and the line.
    pub(crate) fn heal(&mut self) {
        self.run();
        self.store.resume();
        let mut line = self.line.borrow_mut();
        line.chunk = usize::MAX;
        line.allow(None);
        line.controller.heal();
        line.flush();
        debug_assert!(line.controller.faults.num_packets == Faults::NONE.num_packets);
    }
}

/// Returns one of the commands that the host sends.
fn opcode(number: u8) -> u16 {
    const OPCODES: [Opcode; 24] = [
        Opcode::RESET,
        Opcode::LE_RAND,
        Opcode::DISCONNECT,
        Opcode::LE_SET_ADVERTISING_ENABLE,
        Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE,
        Opcode::LE_SET_ADVERTISING_PARAMETERS,
        Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS,
        Opcode::LE_SET_ADVERTISING_DATA,
        Opcode::LE_SET_SCAN_ENABLE,
        Opcode::LE_SET_EXTENDED_SCAN_ENABLE,
        Opcode::LE_CREATE_CONNECTION,
        Opcode::LE_EXTENDED_CREATE_CONNECTION,
        Opcode::LE_CREATE_CONNECTION_CANCEL,
        Opcode::LE_ENABLE_ENCRYPTION,
        Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY,
        Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY,
        Opcode::READ_RSSI,
        Opcode::LE_CONNECTION_UPDATE,
        Opcode::LE_SET_PHY,
        Opcode::LE_READ_REMOTE_FEATURES,
        Opcode::LE_SET_RANDOM_ADDRESS,
        Opcode::LE_ADD_TO_FILTER_ACCEPT_LIST,
        Opcode::READ_LOCAL_VERSION,
        Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY,
    ];
    OPCODES[usize::from(number) % OPCODES.len()].0
}
