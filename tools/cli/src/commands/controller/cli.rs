//! The command line of `controller`.

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Controller {
    /// Where to listen, one controller each: tcp:PORT or tcp:HOST:PORT
    #[arg(long, required = true, num_args = 1.., value_name = "tcp:PORT", value_parser = listen_address)]
    pub(crate) listen: Vec<String>,
    /// Packets that the air drops, in percent
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=99), value_name = "PERCENT")]
    pub(crate) loss: u8,
    /// Time from a command to its answer, in milliseconds
    #[arg(long, default_value_t = 0.5, value_name = "MS")]
    pub(crate) latency: f64,
    /// Seed of all random decisions
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Bits per second of a serial line in front of each controller; without it, packets take no time
    #[arg(long, value_name = "BAUD", value_parser = clap::value_parser!(u32).range(300..))]
    pub(crate) baud: Option<u32>,
    /// ACL buffers of each controller: bytes and number
    #[arg(long, default_value = "251x8", value_name = "BYTESxNUMBER", value_parser = buffers)]
    pub(crate) acl_buffers: (u16, u8),
    /// With BR/EDR too
    #[arg(long)]
    pub(crate) classic: bool,
}

/// Parses `tcp:PORT`, on loopback, or `tcp:HOST:PORT`.
fn listen_address(text: &str) -> Result<String, String> {
    let wrong = || "not tcp:PORT or tcp:HOST:PORT".to_owned();
    let rest = text.strip_prefix("tcp:").ok_or_else(wrong)?;
    let (host, port) = rest.rsplit_once(':').unwrap_or(("127.0.0.1", rest));
    let port: u16 = port.parse().map_err(|_| wrong())?;
    Ok(format!("{host}:{port}"))
}

/// Parses the bytes and the number of ACL buffers.
fn buffers(text: &str) -> Result<(u16, u8), String> {
    let parsed = text.split_once('x').and_then(|(bytes, number)| {
        let bytes = bytes.parse().ok().filter(|bytes| (27..=1021).contains(bytes))?;
        Some((bytes, number.parse().ok().filter(|number| *number > 0)?))
    });
    parsed.ok_or_else(|| {
        "not BYTESxNUMBER, such as 27x4: 27 to 1021 bytes, 1 to 255 buffers".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_have_bytes_and_a_number() {
        assert_eq!(buffers("27x4"), Ok((27, 4)));
        for text in ["", "27", "26x4", "27x0", "27x256", "ax1"] {
            assert!(buffers(text).is_err(), "{text}");
        }
    }
}
