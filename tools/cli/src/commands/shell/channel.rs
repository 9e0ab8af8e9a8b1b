//! The channel of a session.

use std::time::Duration;

use bindrune::{Host, Receiver, Sender};

use super::link::Link;
use crate::{
    cli,
    commands::l2cap::{self, receive, send, step},
    echo,
    event::{Event, What},
    failure::Failure,
    file::{Sink, Source},
    output::Output,
    parse::Value,
    transfer::Transfer,
};

/// An open channel.
pub(super) struct Open {
    ends: (Sender<'static>, Receiver<'static>),
    received: u64,
}

/// What the operations of a channel need.
pub(super) struct Context {
    pub(super) host: &'static Host,
    pub(super) out: Output,
    pub(super) patience: Duration,
}

impl Context {
    pub(super) async fn operate(
        &self,
        link: &mut Link,
        operation: cli::Channel,
    ) -> Result<(), Failure> {
        match operation {
            cli::Channel::Open { psm } => self.open(link, psm).await,
            cli::Channel::Send { value: Some(Value(value)), .. } => self.send(link, &value).await,
            cli::Channel::Send { file, .. } => {
                let path = file.unwrap_or_default();
                if path.as_os_str() == "-" {
                    return Err(Failure::usage("standard input has the operations of the shell")
                        .advise("Name a file, or use `bindrune l2cap send DEVICE PSM -`."));
                }
                self.send_file(link, Source::open(&path)?).await
            }
            cli::Channel::Receive { output: None, .. } => self.receive(link).await,
            cli::Channel::Receive { output: Some(path), force } => {
                self.receive_file(link, Sink::create(&path, force)?).await
            }
            cli::Channel::Close => self.close(link).await,
        }
    }

    fn report(&self, link: &Link, what: What) -> Result<(), Failure> {
        self.out.record(&Event::of(link.peer(), what))
    }

    async fn open(&self, link: &mut Link, psm: u16) -> Result<(), Failure> {
        if link.channel.is_some() {
            return Err(Failure::failed("a channel is open already")
                .advise("`channel close` closes it; the shell has one at a time."));
        }
        let channel = l2cap::open(link.connection(), psm).await?;
        let what = What::Channel { mtu: channel.mtu(), peer_mtu: channel.peer_mtu() };
        link.channel = Some(Open { ends: channel.split(), received: 0 });
        self.report(link, what)
    }

    async fn send(&self, link: &mut Link, value: &[u8]) -> Result<(), Failure> {
        let (sender, _) = &mut open(link)?.ends;
        step(self.host, self.patience, "sending", sender.send(value)).await?;
        self.report(link, What::channel_sent(value))
    }

    async fn send_file(&self, link: &mut Link, mut source: Source) -> Result<(), Failure> {
        let ends = &mut open(link)?.ends;
        let transfer = Transfer::new(self.out, source.len());
        let sent = send::send(self.host, self.patience, ends, transfer, &mut source).await?;
        self.out.record(&sent)
    }

    async fn receive(&self, link: &mut Link) -> Result<(), Failure> {
        let channel = open(link)?;
        let mut buffer = vec![0; echo::LONGEST];
        let next = channel.ends.1.recv(&mut buffer);
        let len = step(self.host, self.patience, "receiving", next).await?;
        let sdu = buffer.get(..len).unwrap_or_default();
        channel.count(len);
        self.report(link, What::channel_received(sdu))
    }

    async fn receive_file(&self, link: &mut Link, mut sink: Sink) -> Result<(), Failure> {
        let channel = open(link)?;
        let transfer = Transfer::new(self.out, None);
        let (host, patience) = (self.host, self.patience);
        let received =
            receive::receive(host, patience, &mut channel.ends.1, transfer, &mut sink).await;
        let reported = match received {
            Ok(summary) => {
                // The device has closed it.
                link.channel = None;
                sink.report(self.out, &summary)
            }
            Err(failure) => Err(failure),
        };
        sink.finish(reported)
    }

    async fn close(&self, link: &mut Link) -> Result<(), Failure> {
        let Open { ends: (sender, receiver), received } = link.channel.take().ok_or_else(none)?;
        let closed = l2cap::within(self.host, self.patience, sender.close()).await;
        drop(receiver);
        if let Err(error) = closed {
            log::info!("closing the channel: {error}");
        }
        self.report(link, What::ChannelClosed { bytes: received })
    }
}

impl Open {
    fn count(&mut self, len: usize) {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(len);
    }
}

fn open(link: &mut Link) -> Result<&mut Open, Failure> {
    link.channel.as_mut().ok_or_else(none)
}

fn none() -> Failure {
    Failure::failed("no channel is open").advise("`channel open PSM` opens one.")
}
