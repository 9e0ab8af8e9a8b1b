//! How the examples find their controller.

use std::io;

use bindrune::transport::{
    PortReader, PortWriter,
    serial::{DEFAULT_BAUD, Serial},
    tcp,
};

/// Opens the port that the last argument names: `HOST:PORT`, or a serial port as `PATH` or `PATH,BAUD`.
pub(crate) fn open() -> io::Result<(PortReader, PortWriter)> {
    let Some(name) = std::env::args().skip(1).last() else {
        return Err(io::Error::other("say where the controller is: HOST:PORT or PATH[,BAUD]"));
    };
    if name.contains(':') {
        return tcp::connect(name.as_str());
    }
    let (path, baud) = name.split_once(',').unwrap_or((&name, ""));
    Serial::new(path).baud(baud.parse().unwrap_or(DEFAULT_BAUD)).open()
}
