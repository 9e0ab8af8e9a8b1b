//! `trace`: a capture as a readable conversation. Needs no controller.

mod record;

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use bindrune::Address;
use bindrune_trace::{Body, Capture, CaptureError, Decoder, Entry, Layer};
use clap::{Args, builder::PossibleValuesParser, builder::TypedValueParser as _};

use crate::{cli::Globals, failure::Failure, output::Output, table::Screen};
use record::{Line, Totals};

/// Options of `trace`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// A btsnoop, pcap or pcapng file, or H4 packets; - reads from stdin
    file: PathBuf,
    /// Only packets of these layers
    #[arg(long, value_name = "LAYER", value_delimiter = ',', value_parser = layers())]
    layer: Vec<Layer>,
    /// Only packets of the link with this handle, such as 040
    #[arg(long, value_parser = handle)]
    handle: Option<u16>,
    /// Only packets of links with the device of this address
    #[arg(long, value_name = "ADDRESS")]
    peer: Option<Address>,
}

fn layers() -> impl clap::builder::TypedValueParser<Value = Layer> {
    let names = PossibleValuesParser::new(Layer::ALL.map(Layer::name));
    names
        .map(|name| Layer::ALL.into_iter().find(|layer| layer.name() == name).unwrap_or(Layer::Hci))
}

fn handle(text: &str) -> Result<u16, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let handle = u16::from_str_radix(digits, 16).ok().filter(|handle| *handle <= 0x0eff);
    handle.ok_or_else(|| "not a handle, 000 to eff".into())
}

impl Options {
    fn selects(&self, entry: &Entry) -> bool {
        let peer = self.peer.map(|peer| format!("{peer:#}"));
        (self.layer.is_empty() || self.layer.contains(&entry.layer))
            && self.handle.is_none_or(|handle| entry.handle == Some(handle))
            && peer
                .is_none_or(|peer| entry.peer.as_ref().is_some_and(|here| here.starts_with(&peer)))
    }
}

/// Runs the command.
pub(super) fn run(globals: &Globals, out: Output, options: &Options) -> Result<(), Failure> {
    if options.file == Path::new("-") {
        return decode(globals, out, options, io::stdin().lock());
    }
    let file =
        File::open(&options.file).map_err(|error| Failure::file("open", &options.file, &error))?;
    decode(globals, out, options, BufReader::new(file))
}

fn decode(
    globals: &Globals,
    out: Output,
    options: &Options,
    input: impl Read,
) -> Result<(), Failure> {
    let bad = |error: CaptureError| failure(&options.file, &error);
    let mut capture = Capture::new(input).map_err(bad)?;
    let (mut decoder, mut totals, mut start) = (Decoder::new(), Totals::default(), None);
    let details = globals.verbose > 0;
    let width = out.is_live().then(|| Screen::size().0);
    let end = loop {
        let packet = match capture.packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        start = start.or(packet.time);
        let entry = match packet.body {
            Body::Hci(octets) => decoder.packet(packet.time, packet.direction, &octets),
            Body::Other(text) => decoder.note(packet.time, &text),
        };
        totals.packets = totals.packets.saturating_add(1);
        if options.selects(&entry) {
            totals.violations = totals.violations.saturating_add(entry.violations.len());
            out.record(&Line { entry, start, details, cut: packet.cut, width })?;
        }
    };
    for entry in decoder.finish() {
        if options.selects(&entry) {
            totals.unanswered = totals.unanswered.saturating_add(1);
            out.record(&Line { entry, start, details, cut: 0, width })?;
        }
    }
    out.text(&totals.within(width))?;
    end.map_or(Ok(()), |error| Err(bad(error)))
}

fn failure(path: &Path, error: &CaptureError) -> Failure {
    let name = if path == Path::new("-") { "stdin".into() } else { path.display().to_string() };
    let failure = Failure::failed(format!("{name}: {error}"));
    match error {
        CaptureError::Unknown(_) => failure.advise(
            "A capture comes from `bindrune --capture FILE`, btmon -w, the HCI snoop log of Android, or Wireshark.",
        ),
        CaptureError::Truncated(_) | CaptureError::Corrupt(..) => {
            failure.advise("Everything before it was decoded.")
        }
        CaptureError::Io(error) => failure.about_file(error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_hexadecimal() {
        assert_eq!(handle("040"), Ok(0x40));
        assert_eq!(handle("0xeff"), Ok(0xeff));
        assert!(handle("f00").is_err() && handle("x").is_err());
    }
}
