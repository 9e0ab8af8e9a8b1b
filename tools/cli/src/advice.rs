//! Advice for a missing controller.

mod holders;

use std::{fs, io, path::Path};

use bindrune::ControllerLoss;

use crate::{failure::Failure, transport::Transport};

/// Describes a transport that could not be opened.
pub(crate) fn cannot_open(transport: &Transport, error: &io::Error) -> Failure {
    let failure = Failure::no_controller(format!("cannot open {transport}: {error}"));
    match transport {
        Transport::Sim => failure,
        Transport::Serial { path, .. } => serial(Path::new(path), error).unwrap_or(failure),
        Transport::TcpClient { address } => failure.advise(tcp(address, error)),
    }
}

/// Says what to do about a TCP connection that was not made.
#[expect(clippy::wildcard_enum_match_arm, reason = "few errors have a known cause")]
fn tcp(address: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!(
            "Does a controller listen there? `bindrune controller --listen tcp:PORT` serves one;\n\
             then use `-t tcp-client:{address}` with its port."
        ),
        io::ErrorKind::TimedOut => {
            "There is no answer: is the machine on and reachable, does a firewall drop the packets, or does the program there\n\
             accept no more connections?"
                .into()
        }
        _ => "Are the name and the port right, and is the machine reachable from here?".into(),
    }
}

/// Says what to do about an address that a server could not have.
#[expect(clippy::wildcard_enum_match_arm, reason = "few errors have a known cause")]
pub(crate) const fn cannot_listen(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => {
            "Another program uses the address, or the file of a socket is left over: end the program, or remove the file."
        }
        io::ErrorKind::AddrNotAvailable => {
            "This machine does not have that address: 127.0.0.1 is for programs on this machine, 0.0.0.0 for all."
        }
        io::ErrorKind::PermissionDenied => {
            "You have no permission for the address. Ports below 1024 are for root: use a higher one."
        }
        io::ErrorKind::NotFound => "There is no such folder for the socket's file.",
        _ => "Use another address.",
    }
}

/// Describes a serial port that could not be opened, if the reason is known.
fn serial(path: &Path, error: &io::Error) -> Option<Failure> {
    let trouble = trouble(path, error)?;
    let name = path.display();
    let what = match trouble {
        Trouble::Missing => format!("cannot open {name}: there is no such port"),
        Trouble::Forbidden => format!("cannot open {name}: {error}"),
        Trouble::NotSerial => format!("{name} is not a serial port"),
        Trouble::Busy => format!("cannot open {name}: another program has it open"),
    };
    Some(Failure::no_controller(what).advise(trouble.advice(path)))
}

/// Why a serial port cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Missing,
    Forbidden,
    NotSerial,
    Busy,
}

/// Returns why a serial port could not be opened, if the reason is known.
pub(crate) fn trouble(path: &Path, error: &io::Error) -> Option<Trouble> {
    let Ok(there) = fs::metadata(path) else {
        return (error.kind() == io::ErrorKind::NotFound).then_some(Trouble::Missing);
    };
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Some(Trouble::Forbidden);
    }
    // The crate `serialport` keeps the words for ENOTTY, without the number.
    if !is_device(&there) || error.to_string() == "Not a typewriter" {
        return Some(Trouble::NotSerial);
    }
    // The file exists, so the operating system says "no device" if another program has locked it.
    let busy = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ResourceBusy);
    busy.then_some(Trouble::Busy)
}

impl Trouble {
    /// Says what to do.
    pub(crate) fn advice(self, path: &Path) -> String {
        match self {
            Self::Missing => {
                "Is the device plugged in? Ports look like /dev/ttyACM0 or /dev/ttyUSB0.".into()
            }
            Self::Forbidden => format!(
                "You have no permission for {}. On Linux, join the group that owns it, then log in again:\n\
                 sudo usermod -aG dialout \"$USER\"",
                path.display()
            ),
            Self::NotSerial => "Ports look like /dev/ttyACM0 or /dev/ttyUSB0.".into(),
            Self::Busy => holders::advice(path),
        }
    }
}

/// Warns of a program that sends to new modems, if it runs and the port may be one.
pub(crate) fn modem_manager(path: &Path) -> Option<String> {
    let may_be_a_modem = path.to_string_lossy().contains("ttyACM");
    (may_be_a_modem && holders::runs("ModemManager")).then(|| {
        "ModemManager runs: it may send to this port when the device is plugged in. A udev rule with ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n\
         for its vendor and product keeps it away."
            .to_owned()
    })
}

#[cfg(unix)]
fn is_device(there: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&there.file_type())
}

#[cfg(not(unix))]
fn is_device(_: &fs::Metadata) -> bool {
    true
}

/// Describes a transport that has ended.
pub(crate) fn gone(transport: &Transport) -> Failure {
    match transport {
        Transport::Serial { path, .. } => {
            Failure::no_controller(format!("the port {path} is gone")).advise(
                "Was the device unplugged, or did it restart? Plug it in; a USB device may come back under another name.",
            )
        }
        Transport::Sim | Transport::TcpClient { .. } => {
            Failure::no_controller(format!("the controller on {transport} is gone"))
                .advise("It closed the connection: did its program end?")
        }
    }
}

/// Describes an open transport without a controller that answers.
pub(crate) fn no_answer(transport: &Transport) -> Failure {
    let failure =
        Failure::no_controller(format!("no answer to HCI Reset on {transport} within 2 s"));
    match transport {
        Transport::Sim => failure,
        Transport::Serial { path, baud, rtscts } => {
            let with = if *rtscts { "with" } else { "without" };
            let other_baud = if *baud == 115_200 { 1_000_000 } else { 115_200 };
            let other = if *rtscts { ",no-rtscts" } else { "" };
            failure.advise(format!(
                "The port opened, so it is the controller or the line: is it an H4 image (hci_uart), at {baud} baud, \
                 {with}\nRTS/CTS wired? Try `-t serial:{path},{other_baud}{other}`."
            ))
        }
        Transport::TcpClient { .. } => failure.advise(
            "The connection opened, so the program there is the cause: does it serve HCI over H4, and no other host now?",
        ),
    }
}

/// Describes a controller that was lost during a command.
pub(crate) fn lost(transport: &Transport, loss: ControllerLoss) -> Failure {
    Failure::no_controller(format!("the controller on {transport} was lost: {loss}")).advise(
        "It was reset, which ended every link and what was under way. Give the same command again. If this comes back,\n\
         look at the line (baud rate, RTS/CTS, cable, power); `--capture FILE` and `-v` show what happened before.",
    )
}

/// Describes a controller that stopped answering.
pub(crate) fn stopped(transport: &Transport) -> Failure {
    Failure::no_controller(format!("the controller on {transport} stopped answering")).advise(
        "It does not answer HCI Reset either. Does it have power, and does the program behind it still run? Unplug it and\n\
         plug it in again, or restart that program; then give the same command again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(failure: &Failure) -> String {
        match failure {
            Failure::Reported { what, advice, .. } => {
                format!("{what}\n{}", advice.as_deref().unwrap_or(""))
            }
            Failure::BrokenPipe | Failure::Shown(_) => String::new(),
        }
    }

    #[test]
    fn a_silent_port_gets_the_advice_of_the_page() {
        let transport: Transport = "serial:/dev/ttyACM0".parse().unwrap();
        let text = text(&no_answer(&transport));
        assert!(text.starts_with("no answer to HCI Reset on /dev/ttyACM0 within 2 s"));
        assert!(text.contains("Try `-t serial:/dev/ttyACM0,115200,no-rtscts`."));
    }

    #[test]
    fn a_forbidden_port_names_the_group() {
        let transport: Transport = "serial:/dev/null".parse().unwrap();
        let error = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(text(&cannot_open(&transport, &error)).contains("dialout"));
    }
}
