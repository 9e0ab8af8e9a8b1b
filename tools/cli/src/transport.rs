//! Parses the controller of `-t`.

use std::str::FromStr;

/// Default baud rate of a serial port.
const BAUD: u32 = 1_000_000;

/// A controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// The built-in virtual controller, with its virtual devices.
    Sim,
    /// H4 over a serial port.
    Serial {
        /// The device's path.
        path: String,
        /// Baud rate.
        baud: u32,
        /// Whether RTS and CTS are used.
        rtscts: bool,
    },
    /// H4 over TCP.
    TcpClient {
        /// `HOST:PORT`.
        address: String,
    },
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "sim" => Ok(Self::Sim),
            Some(("serial", rest)) => serial(rest),
            Some(("tcp-client", address)) => match address.rsplit_once(':') {
                Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                    Ok(Self::TcpClient { address: address.into() })
                }
                Some(_) | None => Err("tcp-client needs HOST:PORT".into()),
            },
            Some(_) | None => {
                Err("a transport is sim, serial:PATH[,BAUD][,no-rtscts] or tcp-client:HOST:PORT"
                    .into())
            }
        }
    }
}

fn serial(text: &str) -> Result<Transport, String> {
    let mut parts = text.split(',');
    let path = parts.next().filter(|p| !p.is_empty()).ok_or("serial needs a path")?;
    let (mut baud, mut rtscts) = (BAUD, true);
    for part in parts {
        match part {
            "no-rtscts" => rtscts = false,
            "rtscts" => rtscts = true,
            number => {
                baud =
                    number.parse().ok().filter(|&b| b > 0).ok_or_else(|| {
                        format!("{number:?} is neither a baud rate nor no-rtscts")
                    })?;
            }
        }
    }
    Ok(Transport::Serial { path: path.into(), baud, rtscts })
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sim => f.write_str("sim"),
            Self::Serial { path, .. } => f.write_str(path),
            Self::TcpClient { address } => write!(f, "{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports() {
        let serial =
            |path: &str, baud, rtscts| Ok(Transport::Serial { path: path.into(), baud, rtscts });
        let of = |text: &str| text.parse::<Transport>();
        assert_eq!(of("sim"), Ok(Transport::Sim));
        assert_eq!(of("serial:/dev/ttyACM0"), serial("/dev/ttyACM0", 1_000_000, true));
        assert_eq!(of("serial:COM3,115200,no-rtscts"), serial("COM3", 115_200, false));
        assert_eq!(of("serial:/dev/x,no-rtscts"), serial("/dev/x", 1_000_000, false));
        let address = "localhost:6402".to_owned();
        assert_eq!(of("tcp-client:localhost:6402"), Ok(Transport::TcpClient { address }));
        for text in
            ["", "usb:0", "serial:", "serial:/dev/x,fast", "tcp-client:here", "tcp-client::1"]
        {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
