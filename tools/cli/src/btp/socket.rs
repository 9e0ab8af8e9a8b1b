//! The socket between tester and program: listening, or connecting to one that the tester made.

use std::{io, path::PathBuf};

#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use super::cli;
use crate::{advice, failure::Failure};

/// The two halves of a connection.
pub(super) type Stream = (Box<dyn AsyncRead + Unpin>, Box<dyn AsyncWrite + Unpin>);

/// The address of a tester: `unix:PATH`, `tcp:PORT` or `tcp:HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Unix(PathBuf),
    Tcp(String),
}

impl std::str::FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "an address is unix:PATH, tcp:PORT or tcp:HOST:PORT".to_owned();
        match text.split_once(':').ok_or_else(wrong)? {
            ("unix", path) if !path.is_empty() => Ok(Self::Unix(path.into())),
            ("tcp", port) if port.parse::<u16>().is_ok() => {
                Ok(Self::Tcp(format!("127.0.0.1:{port}")))
            }
            ("tcp", address) => match address.rsplit_once(':') {
                Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                    Ok(Self::Tcp(address.to_owned()))
                }
                Some(_) | None => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// Where testers come from.
pub(super) struct Source {
    name: String,
    from: From,
}

enum From {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, PathBuf),
    /// One connection, until it is taken.
    Once(Option<Stream>),
}

impl Source {
    /// Listens or connects as the command line says.
    pub(super) async fn open(options: &cli::Btp) -> Result<Self, Failure> {
        let (endpoint, from) = match (&options.listen, &options.connect) {
            (Some(endpoint), _) => (endpoint, listen(endpoint).await),
            (None, Some(endpoint)) => {
                (endpoint, connect(endpoint).await.map(|stream| From::Once(Some(stream))))
            }
            (None, None) => return Err(Failure::usage("btp needs --listen or --connect")),
        };
        let from = from.map_err(|error| {
            let (doing, advice) = if options.listen.is_some() {
                ("listen on", advice::cannot_listen(error.kind()))
            } else {
                ("connect to", "Does the tester run, and does it listen there?")
            };
            Failure::failed(format!("cannot {doing} {endpoint}: {error}")).advise(advice)
        })?;
        Ok(Self { name: endpoint.to_string(), from })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn listens(&self) -> bool {
        !matches!(self.from, From::Once(_))
    }

    /// Waits for the next tester; `None` if there will be no other one.
    pub(super) async fn next(&mut self) -> Result<Option<Stream>, Failure> {
        let accepted = match &mut self.from {
            From::Once(stream) => return Ok(stream.take()),
            From::Tcp(listener) => listener.accept().await.map(|(stream, _)| of_tcp(stream)),
            #[cfg(unix)]
            From::Unix(listener, _) => listener.accept().await.map(|(stream, _)| of_unix(stream)),
        };
        accepted.map(Some).map_err(|error| Failure::failed(format!("{}: {error}", self.name)))
    }
}

#[cfg(unix)]
impl Drop for Source {
    /// Removes the socket's file.
    fn drop(&mut self) {
        if let From::Unix(_, path) = &self.from {
            let _ = std::fs::remove_file(path);
        }
    }
}

async fn listen(endpoint: &Endpoint) -> io::Result<From> {
    match endpoint {
        Endpoint::Tcp(address) => TcpListener::bind(address).await.map(From::Tcp),
        #[cfg(unix)]
        Endpoint::Unix(path) => UnixListener::bind(path).map(|l| From::Unix(l, path.clone())),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

async fn connect(endpoint: &Endpoint) -> io::Result<Stream> {
    match endpoint {
        Endpoint::Tcp(address) => TcpStream::connect(address).await.map(of_tcp),
        #[cfg(unix)]
        Endpoint::Unix(path) => UnixStream::connect(path).await.map(of_unix),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn of_tcp(stream: TcpStream) -> Stream {
    if let Err(error) = stream.set_nodelay(true) {
        log::debug!("small packets to the tester may wait: {error}");
    }
    let (rx, tx) = stream.into_split();
    (Box::new(rx), Box::new(tx))
}

#[cfg(unix)]
fn of_unix(stream: UnixStream) -> Stream {
    let (rx, tx) = stream.into_split();
    (Box::new(rx), Box::new(tx))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let of = |text: &str| text.parse::<Endpoint>();
        assert_eq!(
            of("unix:/tmp/bt-stack-tester"),
            Ok(Endpoint::Unix("/tmp/bt-stack-tester".into()))
        );
        assert_eq!(of("tcp:5000"), Ok(Endpoint::Tcp("127.0.0.1:5000".into())));
        assert_eq!(of("tcp:box:5000"), Ok(Endpoint::Tcp("box:5000".into())));
        for text in ["", "unix:", "tcp:", "tcp:70000", "tcp::5", "serial:/dev/x", "5000"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
