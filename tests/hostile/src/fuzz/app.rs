//! The application: its handles, and its tasks.

use core::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Waker},
};
use std::{rc::Rc, sync::Arc, task::Wake};

use bindrune::{
    Channel, ChannelRequest, Connection, ErrorCode, Event, FixedChannel, Host, PairingRequest,
    Question, ReadRequest, Subscription, WriteRequest,
};

use super::{numbered, pairing};

/// The application's handles and requests.
#[derive(Debug, Default)]
pub(crate) struct App<'h> {
    pub(crate) links: RefCell<Vec<Connection<'h>>>,
    pub(crate) channels: RefCell<Vec<Channel<'h>>>,
    pub(crate) requests: RefCell<Vec<Held<'h>>>,
    pub(crate) subscriptions: RefCell<Vec<Subscription<'h>>>,
    /// New links that a task must serve.
    pub(crate) unserved: RefCell<Vec<Connection<'h>>>,
    pub(crate) fixed: RefCell<Vec<FixedChannel<'h>>>,
    /// Undecided requests for channels.
    pub(crate) channel_requests: RefCell<Vec<ChannelRequest<'h>>>,
    /// BR/EDR.
    pub(crate) classic: super::classic::App<'h>,
    /// Whether requests are held, to be answered by steps.
    pub(crate) holds: Cell<bool>,
    /// Numbers of tasks that advertise, and that connect, without a link so far.
    pub(crate) advertisers: Cell<u32>,
    pub(crate) connectors: Cell<u32>,
}

/// Counts a waiting task until it is dropped.
pub(crate) struct Waiting<'c>(&'c Cell<u32>);

impl<'c> Waiting<'c> {
    pub(crate) fn new(count: &'c Cell<u32>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// A request that waits for the application's answer.
#[derive(Debug)]
pub(crate) enum Held<'h> {
    Read(ReadRequest<'h>),
    Write(WriteRequest<'h>),
    Pairing(PairingRequest<'h>),
}

/// Maximum number of held handles of each kind; the oldest is dropped.
const HELD: usize = 6;

/// Keeps an item, and drops the oldest if there are too many.
pub(crate) fn keep<T>(all: &RefCell<Vec<T>>, one: T) {
    let oldest = {
        let mut all = all.borrow_mut();
        all.push(one);
        (all.len() > HELD).then(|| all.remove(0))
    };
    drop(oldest);
}

/// Removes and returns the item of this number.
pub(crate) fn take<T>(all: &RefCell<Vec<T>>, number: u8) -> Option<T> {
    let mut all = all.borrow_mut();
    let place = usize::from(number).checked_rem(all.len())?;
    Some(all.remove(place))
}

impl<'h> App<'h> {
    /// Returns the link of this number: mostly one that is up.
    pub(crate) fn link(&self, number: u8) -> Option<Connection<'h>> {
        let links = self.links.borrow();
        let any = number >= 0xf0;
        let mut of = links.iter().filter(|link| any || link.is_connected());
        let count = of.clone().count();
        of.nth(usize::from(number).checked_rem(count)?).cloned()
    }

    /// Drops everything.
    pub(crate) fn clear(&self) {
        drop(self.requests.take());
        drop(self.channel_requests.take());
        drop(self.channels.take());
        drop(self.subscriptions.take());
        drop(self.fixed.take());
        drop(self.unserved.take());
        drop(self.links.take());
        self.classic.clear();
    }

    /// Takes the events of a link until it ends.
    pub(crate) async fn serve(self: Rc<Self>, mut link: Connection<'h>) {
        loop {
            #[expect(clippy::wildcard_enum_match_arm, reason = "all other events need no answer")]
            let held = match link.next().await {
                Event::Disconnected(_) => {
                    assert!(!link.is_connected(), "a link that is up is reported as ended");
                    return;
                }
                Event::Read(read) => Held::Read(read),
                Event::Write(write) => {
                    numbered::received(write.value(), false);
                    Held::Write(write)
                }
                _ => continue,
            };
            if self.holds.get() {
                keep(&self.requests, held);
            } else {
                answer(held, 0);
            }
        }
    }

    /// Takes the questions of pairings.
    pub(crate) async fn ask_user(self: Rc<Self>, host: &'h Host) {
        let Ok(mut requests) = host.pairing_requests() else { return };
        loop {
            let request = requests.next().await;
            if let Question::Display(passkey) = request.question() {
                pairing::show(passkey);
            }
            let held = Held::Pairing(request);
            if self.holds.get() {
                keep(&self.requests, held);
            } else {
                answer(held, 0);
            }
        }
    }
}

/// Answers a request, correctly or not.
pub(crate) fn answer(held: Held<'_>, how: u8) {
    match held {
        Held::Read(read) if how & 3 < 3 => read.reply(&[7; 300][..usize::from(how) + 1]),
        Held::Read(read) => read.reject(ErrorCode(0x80)),
        Held::Write(write) if how & 3 < 3 => {
            let mut buffer = [0; 600];
            let len = write.read(&mut buffer);
            assert!(len <= 512, "a written value of {len} octets");
            write.accept();
        }
        Held::Write(write) => write.reject(ErrorCode(0x81)),
        Held::Pairing(mut request) => match (request.question(), how & 3) {
            (Question::Confirm | Question::Compare(_), 0..3) => request.accept(),
            (Question::Input, 0..3) => request.passkey(0),
            (Question::Oob { .. }, 0..3) => request.oob([1; 16], [2; 16]),
            (_, 3) => request.reject(),
            _ => {}
        },
    }
}

/// How long a task may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// It ends once the controller works, whatever the peer does.
    Soon,
    /// It ends with its link at the latest.
    LinkEnds,
    /// As long as the application keeps it.
    Dropped,
    /// It is the driver.
    Transport,
}

/// A task of the application.
pub(crate) struct Task<'h> {
    pub(crate) name: &'static str,
    until: Rc<Cell<Until>>,
    future: Pin<Box<dyn Future<Output = ()> + 'h>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'h> Task<'h> {
    pub(crate) fn new(
        name: &'static str,
        until: Rc<Cell<Until>>,
        future: impl Future<Output = ()> + 'h,
    ) -> Self {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        Self { name, until, future: Box::pin(future), woken }
    }

    pub(crate) fn until(&self) -> Until {
        self.until.get()
    }

    pub(crate) fn is_awake(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed)
    }

    /// Polls the task if it was woken; returns whether it was, and whether it has ended.
    pub(crate) fn turn(&mut self) -> (bool, bool) {
        if !self.woken.0.swap(false, Ordering::Relaxed) {
            return (false, false);
        }
        let waker = Waker::from(self.woken.clone());
        (true, self.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready())
    }
}
