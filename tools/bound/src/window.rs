//! The round trip of a channel's credits if both controllers are behind serial lines. [Vol 6] Part B, 4.5.6

use std::collections::VecDeque;

use crate::{Flow, PDU, Row, radio::IFS};

/// Simulated events, and how many of the first are not counted.
const EVENTS: u32 = 1000;
const WARMING: u32 = 100;

/// Times in microseconds.
struct Trip {
    /// Time of a K-frame on a line.
    crossing: f64,
    /// When the lines of the sender and of the receiver are free again.
    out: f64,
    back: f64,
    /// When each K-frame is in the sender's controller.
    ready: VecDeque<f64>,
    /// When each K-frame is read, and its credit is in the receiver's controller.
    read: VecDeque<f64>,
}

impl Trip {
    /// Returns a credit to the sender, who uses it as soon as the line is free.
    fn credit(&mut self, at: f64) {
        self.out = self.out.max(at) + self.crossing;
        self.ready.push_back(self.out);
    }

    /// Adds a K-frame to the receiver's controller.
    fn arrive(&mut self, at: f64) {
        self.back = self.back.max(at) + self.crossing;
        self.read.push_back(self.back);
    }
}

impl Row {
    /// Returns the bits per second that the window allows. Every K-frame is sent, read and credited as early as
    /// possible, and credits take no time on the air or on a line.
    ///
    /// The central continues an event only if it announced more data, so an event ends with the data in its controller.
    pub(crate) fn window(&self, baud: u32) -> f64 {
        let Flow::Channel(window) = self.flow else { return f64::INFINITY };
        let crossing = self.payload() * 8e6 / self.line(baud);
        let mut trip =
            Trip { crossing, out: 0.0, back: 0.0, ready: VecDeque::new(), read: VecDeque::new() };
        for _ in 0..window {
            trip.credit(0.0);
        }
        let sent: u32 = (0..EVENTS)
            .map(|event| {
                let sent = self.event(&mut trip, f64::from(event) * self.microseconds());
                if event < WARMING { 0 } else { sent }
            })
            .sum();
        let time = f64::from(EVENTS.saturating_sub(WARMING)) * self.microseconds();
        f64::from(sent) * self.payload() * 8e6 / time
    }

    /// Runs one connection event, and returns its number of K-frames.
    fn event(&self, trip: &mut Trip, anchor: f64) -> u32 {
        let [exchange, frame, empty] =
            [self.exchange(PDU), self.packet(PDU), self.packet(0)].map(f64::from);
        let (mut now, mut sent) = (anchor, 0u32);
        loop {
            let more = trip.ready.get(1).is_some_and(|at| *at <= now);
            let answer = match trip.ready.pop_front_if(|at| *at <= now) {
                Some(_) => {
                    sent = sent.saturating_add(1);
                    trip.arrive(now + frame);
                    now + frame
                }
                None => now + empty,
            };
            while trip.read.pop_front_if(|at| *at <= answer).is_some() {
                trip.credit(answer + f64::from(IFS) + empty);
            }
            now += exchange;
            if !more || now + exchange > anchor + self.microseconds() {
                return sent;
            }
        }
    }
}
