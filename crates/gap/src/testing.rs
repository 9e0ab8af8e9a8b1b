//! A host connected to a small controller.

mod model;

use std::{boxed::Box, vec, vec::Vec};

use bindrune_hci::{
    Event, Opcode,
    cmd::{COMMAND_MAX, RawCommand},
    event::RawEvent,
};
use bindrune_wire::{Address, Writer, time::Instant};
use embassy_time::Duration;

use crate::{AdvertisingSet, Config, Gap, GapEvent, LinkUp};
pub(crate) use model::Model;
use model::Reply;

pub(crate) const PUBLIC: Address = Address::public([0xc0, 1, 2, 3, 4, 5]);
pub(crate) const PEER: Address = Address::random([0xc4, 0, 0, 0, 0, 1]);

/// A host connected to a small controller.
pub(crate) struct Rig {
    pub(crate) gap: Gap,
    pub(crate) model: Model,
    pub(crate) now: Instant,
    /// Every command with its parameters.
    pub(crate) sent: Vec<(Opcode, Vec<u8>)>,
    pub(crate) events: Vec<GapEvent>,
    pub(crate) links: Vec<LinkUp>,
}

impl Rig {
    /// Creates a host that has not started.
    pub(crate) fn with(model: Model, config: Config) -> Self {
        let sets = vec![AdvertisingSet::EMPTY; 3].leak();
        let data = Box::leak(vec![0; 3 * 600].into_boxed_slice());
        let reports = Box::leak(vec![0; 1000].into_boxed_slice());
        Self {
            gap: Gap::new(config, sets, data, reports),
            model,
            now: Instant::from_secs(1),
            sent: vec![],
            events: vec![],
            links: vec![],
        }
    }

    /// Creates a host that is set up; the commands of the set-up are not recorded.
    pub(crate) fn ready(extended: bool) -> Self {
        let mut rig = Self::with(Model::new(extended), Config::DEFAULT);
        rig.start();
        assert_eq!(rig.events, [GapEvent::Ready]);
        rig.forget();
        rig
    }

    pub(crate) fn start(&mut self) {
        self.gap.restart();
        self.run();
    }

    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.events.clear();
        self.links.clear();
    }

    /// Passes one command to the controller, and its answer back. False if none is pending.
    pub(crate) fn step(&mut self) -> bool {
        let mut buffer = [0; COMMAND_MAX];
        let mut w = Writer::new(&mut buffer);
        let Some(opcode) = self.gap.poll_command(self.now, &mut w) else {
            assert!(w.is_empty());
            return false;
        };
        let command = RawCommand::parse(w.written()).unwrap();
        assert_eq!(command.opcode, opcode);
        self.sent.push((opcode, command.parameters.to_vec()));
        assert!(self.gap.poll_command(self.now, &mut Writer::new(&mut [0; 300])).is_none());
        match self.model.command(command) {
            Reply::Complete(parameters) => {
                self.gap.handle_complete(self.now, opcode, &parameters);
            }
            Reply::Status(status) => self.gap.handle_status(self.now, opcode, status),
        }
        true
    }

    /// Passes the controller's events to the host.
    pub(crate) fn deliver(&mut self) {
        while let Some(octets) = self.model.events.pop_front() {
            let raw = RawEvent::parse(&octets).unwrap();
            let event = Event::parse(raw.code, raw.parameters).unwrap();
            if let Some(up) = self.gap.handle_event(self.now, &event) {
                if !up.wanted {
                    self.gap.refuse(up.handle);
                }
                self.links.push(up);
            }
        }
        while let Some(event) = self.gap.poll_event() {
            if let GapEvent::SetLinked { handle, wanted: false, .. } = event {
                self.gap.refuse(handle);
            }
            self.events.push(event);
        }
    }

    /// Runs until no command is pending.
    pub(crate) fn run(&mut self) {
        for _ in 0..300 {
            self.deliver();
            let events = self.events.len();
            if !self.step() {
                self.deliver();
                if self.events.len() == events {
                    return;
                }
            }
        }
        panic!("it does not converge: {:?}", &self.sent[self.sent.len() - 20..]);
    }

    /// Lets time pass, from deadline to deadline.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.run();
        while let Some((at, _)) = self.gap.poll_timeout().filter(|&(at, _)| at <= end) {
            self.now = self.now.max(at);
            self.gap.handle_timeout(self.now);
            self.run();
        }
        self.now = end;
    }

    pub(crate) fn opcodes(&self) -> Vec<Opcode> {
        self.sent.iter().map(|(opcode, _)| *opcode).collect()
    }
}
