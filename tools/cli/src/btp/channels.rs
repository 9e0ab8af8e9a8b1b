//! Credit-based channels of L2CAP.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use bindrune::{
    Address, Channel, ChannelConfig, ChannelRequest, ChannelRequests, Connection, ConnectionResult,
    Error, Level, Psm, Receiver, Sender,
};
use bindrune_btp::{
    Bytes16, List8, Service, Status,
    l2cap::{Answer, Command, Event, Listener, Response, Transport},
};
use tokio::sync::{Notify, mpsc};

use super::{
    gap::failed,
    tester::{Tester, supported},
};

/// Longest SDU, in bytes: it fits in a frame of the protocol.
const LONGEST: u16 = 4000;
/// Longest payload of a frame that we receive, in bytes.
const MPS: u16 = 247;
/// SDUs of the tester that wait until the peer has room.
const QUEUE: usize = 16;

/// All channels, by the number that the tester knows.
#[derive(Default)]
pub(super) struct Channels {
    next: Cell<u8>,
    open: RefCell<BTreeMap<u8, Entry>>,
    listening: RefCell<Vec<super::tester::Task>>,
}

/// A channel, or what becomes one.
enum Entry {
    /// It is being opened.
    Opening,
    /// The tester must answer the peer's request.
    Asked(ChannelRequest<'static>),
    /// It is open.
    Open { sdus: mpsc::Sender<Vec<u8>>, peer_mtu: usize, close: Rc<Notify> },
}

impl Channels {
    /// Takes a free number.
    fn take(&self, entry: Entry) -> Result<u8, Status> {
        let mut open = self.open.borrow_mut();
        let from = self.next.get();
        let mut numbers = (from..=u8::MAX).chain(0..from);
        let number = numbers.find(|number| !open.contains_key(number)).ok_or(Status::FAIL)?;
        self.next.set(number.wrapping_add(1));
        open.insert(number, entry);
        Ok(number)
    }

    fn remove(&self, number: u8) {
        self.open.borrow_mut().remove(&number);
    }

    /// Closes all channels, and stops listening.
    pub(super) fn clear(&self) {
        self.listening.borrow_mut().clear();
        for entry in self.open.take().into_values() {
            if let Entry::Open { close, .. } = entry {
                close.notify_one();
            }
        }
    }
}

impl Tester {
    pub(super) fn l2cap(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        if !self.settings.borrow().powered {
            return Err(Status::NOT_READY);
        }
        Ok(match command {
            Command::ReadSupportedCommands {} => {
                Response::SupportedCommands { commands: supported(Service::L2CAP) }
            }
            Command::Connect { peer, psm, mtu, count: 1, options: 0 } => {
                Response::Connecting { channels: List8(vec![self.open(peer, psm, mtu)?]) }
            }
            Command::Connect { .. } => return Err(Status::FAIL),
            Command::Disconnect { channel } => {
                match self.channels.open.borrow().get(&channel) {
                    Some(Entry::Open { close, .. }) => close.notify_one(),
                    Some(Entry::Opening | Entry::Asked(_)) | None => return Err(Status::FAIL),
                }
                Response::Disconnecting {}
            }
            Command::SendData { channel, data } => {
                let open = self.channels.open.borrow();
                let Some(Entry::Open { sdus, peer_mtu, .. }) = open.get(&channel) else {
                    return Err(Status::FAIL);
                };
                if data.0.len() > *peer_mtu {
                    return Err(Status::FAIL);
                }
                sdus.try_send(data.0).map_err(|_| Status::FAIL)?;
                Response::Sent {}
            }
            Command::Listen { listener } => {
                self.listen(&listener)?;
                Response::Listening {}
            }
            Command::AcceptConnection { channel, result } => {
                self.decide(channel, ConnectionResult(result))?;
                Response::Answered {}
            }
            Command::Reconfigure { .. }
            | Command::Credits { .. }
            | Command::DisconnectEatt { .. } => return Err(Status::UNKNOWN_COMMAND),
        })
    }

    /// Opens a channel in a task, and returns its number.
    fn open(self: &Rc<Self>, peer: Address, psm: u16, mtu: u16) -> Result<u8, Status> {
        let link = self.links.link(peer)?;
        let connection = self.links.find(peer)?;
        let number = self.channels.take(Entry::Opening)?;
        let (tester, peer) = (Rc::clone(self), link.shown);
        self.spawn(async move {
            match connection.open_channel(Psm(psm), config(mtu)).await {
                Ok(channel) => tester.serve_channel(number, channel, peer).await,
                Err(error) => {
                    log::info!("opening a channel: {error}");
                    tester.channels.remove(number);
                    let result = if let Error::Refused(result) = error {
                        result
                    } else {
                        ConnectionResult::NO_RESOURCES
                    };
                    let (result, channel) = (result.0, number);
                    tester.event(Event::Disconnected { result, channel, psm, peer }).await;
                }
            }
        });
        Ok(number)
    }

    fn listen(self: &Rc<Self>, listener: &Listener) -> Result<(), Status> {
        if listener.transport != Transport::LE {
            return Err(Status::FAIL);
        }
        let (level, rule) = rules(listener).ok_or(Status::FAIL)?;
        let requests =
            self.host.listen_for_requests(Psm(listener.psm), config(listener.mtu), level);
        let requests = requests.map_err(|error| failed("listening", error))?;
        let tester = Rc::clone(self);
        let task = super::tester::Task::spawn(async move { tester.accept(requests, rule).await });
        self.channels.listening.borrow_mut().push(task);
        Ok(())
    }

    /// Answers the requests of peers by a rule, or leaves them to the tester.
    async fn accept(self: Rc<Self>, mut requests: ChannelRequests<'static>, rule: Rule) {
        let psm = requests.psm().0;
        loop {
            let request = requests.next().await;
            if let Some(result) = rule.refusal(request.link()) {
                request.refuse(result);
                continue;
            }
            let shown = |link: &Connection<'static>| link.peer() == request.link().peer();
            let Some(peer) = self.links.shown(shown) else { continue };
            if !self.ask_channels {
                match request.accept() {
                    Ok((_, channel)) => self.accepted(channel, peer),
                    Err(error) => log::info!("accepting a channel: {error}"),
                }
            } else if let Ok(channel) = self.channels.take(Entry::Asked(request)) {
                self.event(Event::ConnectionRequest { channel, psm, peer }).await;
            }
        }
    }

    /// Answers a request as the tester decides.
    fn decide(self: &Rc<Self>, number: u8, result: ConnectionResult) -> Result<(), Status> {
        let mut open = self.channels.open.borrow_mut();
        let Some(Entry::Asked(request)) = open.remove(&number) else { return Err(Status::FAIL) };
        if result != ConnectionResult::SUCCESS {
            request.refuse(result);
            return Ok(());
        }
        let (link, channel) = request.accept().map_err(|e| failed("accepting a channel", e))?;
        let shown = self.links.shown(|other| other.peer() == link.peer());
        let peer = shown.ok_or(Status::FAIL)?;
        open.insert(number, Entry::Opening);
        let tester = Rc::clone(self);
        self.spawn(async move { tester.serve_channel(number, channel, peer).await });
        Ok(())
    }

    fn accepted(self: &Rc<Self>, channel: Channel<'static>, peer: Address) {
        let Ok(number) = self.channels.take(Entry::Opening) else { return };
        let tester = Rc::clone(self);
        self.spawn(async move { tester.serve_channel(number, channel, peer).await });
    }

    /// Reports an open channel, and moves SDUs until its end.
    async fn serve_channel(&self, number: u8, channel: Channel<'static>, peer: Address) {
        let psm = channel.psm().0;
        let short = |len: usize| u16::try_from(len).unwrap_or(u16::MAX);
        let connected = Event::Connected {
            channel: number,
            psm,
            peer_mtu: short(channel.peer_mtu()),
            peer_mps: short(channel.peer_mps()),
            our_mtu: short(channel.mtu()),
            our_mps: short(channel.mps()),
            peer,
        };
        let (sdus, queued) = mpsc::channel(QUEUE);
        let close = Rc::new(Notify::new());
        let peer_mtu = channel.peer_mtu();
        let entry = Entry::Open { sdus, peer_mtu, close: Rc::clone(&close) };
        self.channels.open.borrow_mut().insert(number, entry);
        self.event(connected).await;
        let (sender, receiver) = channel.split();
        tokio::join!(send(sender, queued, &close), self.receive(number, receiver, &close));
        self.channels.remove(number);
        self.event(Event::Disconnected { result: 0, channel: number, psm, peer }).await;
    }

    /// Reports SDUs until the channel is closed, then ends the sender too.
    async fn receive(&self, channel: u8, mut receiver: Receiver<'static>, close: &Notify) {
        let mut buffer = vec![0; LONGEST.into()];
        loop {
            match receiver.recv(&mut buffer).await {
                Ok(len) => {
                    let data = Bytes16(buffer.get(..len).unwrap_or_default().to_vec());
                    self.event(Event::DataReceived { channel, data }).await;
                }
                Err(error) => {
                    log::info!("a channel has ended: {error}");
                    return close.notify_one();
                }
            }
        }
    }
}

/// Sends SDUs until the tester closes the channel or the peer does.
async fn send(mut sender: Sender<'static>, mut sdus: mpsc::Receiver<Vec<u8>>, close: &Notify) {
    let pump = async {
        while let Some(sdu) = sdus.recv().await {
            if let Err(error) = sender.send(&sdu).await {
                log::info!("sending on a channel: {error}");
                return close.notified().await;
            }
        }
    };
    tokio::select! {
        () = close.notified() => {}
        () = pump => {}
    }
    if let Err(error) = sender.close().await {
        log::debug!("closing a channel: {error}");
    }
}

/// Which requests a listener refuses although the link has its level.
#[derive(Clone, Copy)]
struct Rule {
    /// Shortest key, in bytes.
    key_size: u8,
    /// Result for all requests.
    always: Option<ConnectionResult>,
}

impl Rule {
    fn refusal(self, link: &Connection<'_>) -> Option<ConnectionResult> {
        let size = link.security().map_or(0, |security| security.key_size);
        let short = (size < self.key_size).then_some(ConnectionResult::INSUFFICIENT_KEY_SIZE);
        self.always.or(short)
    }
}

/// Returns what a listener requires; `None` if that has no meaning.
fn rules(listener: &Listener) -> Option<(Level, Rule)> {
    let (security, key_size) = listener.security.unwrap_or_default();
    let open = Rule { key_size, always: None };
    let (level, rule) = match listener.answer {
        Answer::SUCCESS => (Level::Open, open),
        Answer::INSUFFICIENT_AUTHENTICATION => (Level::Authenticated, open),
        Answer::INSUFFICIENT_AUTHORIZATION => {
            let always = Some(ConnectionResult::INSUFFICIENT_AUTHORIZATION);
            (Level::Open, Rule { always, ..open })
        }
        Answer::INSUFFICIENT_KEY_SIZE => (Level::Encrypted, Rule { key_size: 16, ..open }),
        Answer::INSUFFICIENT_ENCRYPTION => (Level::Encrypted, open),
        Answer::INSUFFICIENT_SECURE_AUTHENTICATION => (Level::SecureConnections, open),
        _ => return None,
    };
    Some((if security > 0 { level.max(Level::Encrypted) } else { level }, rule))
}

/// Returns a configuration whose window holds a whole SDU.
const fn config(mtu: u16) -> ChannelConfig {
    let mtu = match mtu {
        0 => return ChannelConfig::DEFAULT,
        mtu if mtu > LONGEST => LONGEST,
        mtu => mtu,
    };
    let frames = mtu.saturating_add(2).div_ceil(MPS);
    ChannelConfig { mtu: Some(mtu), mps: MPS, window: frames.saturating_add(3) }
}
