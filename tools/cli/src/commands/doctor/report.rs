//! What was found on a port, for users and scripts.

use std::path::Path;

use serde::Serialize;

use super::{
    answer::Answer,
    probe::{Controller, Found},
};
use crate::{
    advice::{self, Trouble},
    commands::info,
    numbers,
    output::Record,
    paint::Paint,
};

/// A port.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    port: String,
    baud: Option<u32>,
    rtscts: Option<bool>,
    found: &'static str,
    hci_version: Option<String>,
    manufacturer: Option<String>,
    /// The first line of a text, or an error.
    text: Option<String>,
    /// What `-t` needs.
    transport: Option<String>,
    advice: String,
}

impl Report {
    pub(super) fn new(port: &str, found: Found) -> Self {
        let name = kind(&found);
        let report = Self {
            port: port.to_owned(),
            baud: None,
            rtscts: None,
            found: name,
            hci_version: None,
            manufacturer: None,
            text: None,
            transport: None,
            advice: String::new(),
        };
        match found {
            Found::Controller(controller) => report.with_controller(controller),
            Found::Other { answer, baud } => {
                let advice = other(port, &answer);
                let text = match answer {
                    Answer::Text(line) => Some(line),
                    Answer::Silence
                    | Answer::Noise
                    | Answer::Loopback
                    | Answer::ThreeWire
                    | Answer::Reset => None,
                };
                Self { baud, text, advice, ..report }
            }
            Found::Trouble(trouble) => Self { advice: trouble.advice(Path::new(port)), ..report },
            Found::Gone => Self { advice: GONE.into(), ..report },
            Found::Failed(error) => Self { text: Some(error), advice: FAILED.into(), ..report },
        }
    }

    pub(super) fn is_controller(&self) -> bool {
        self.transport.is_some()
    }

    fn with_controller(self, controller: Controller) -> Self {
        let Controller { baud, rtscts, version } = controller;
        let options = if rtscts { "" } else { ",no-rtscts" };
        let transport = format!("serial:{},{baud}{options}", self.port);
        let mut advice = format!("Use it: bindrune -t {transport} info");
        if !rtscts && baud > SLOW {
            advice.push_str(
                "\nIt answers only without RTS/CTS, so bytes can be lost at this rate: wire RTS and CTS, or use 115200 baud.",
            );
        }
        if let Some(warning) = advice::modem_manager(Path::new(&self.port)) {
            advice.push('\n');
            advice.push_str(&warning);
        }
        Self {
            baud: Some(baud),
            rtscts: Some(rtscts),
            hci_version: version.map(|(version, _)| info::version(version)),
            manufacturer: version.map(|(_, company)| numbers::manufacturer(company)),
            transport: Some(transport),
            advice,
            ..self
        }
    }

    fn what(&self) -> String {
        let at = self.baud.map_or_else(String::new, |baud| format!(" at {baud} baud"));
        let text = self.text.as_deref().unwrap_or_default();
        match self.found {
            "controller" => {
                let version = self.hci_version.as_deref().unwrap_or("of unknown version");
                let maker = self.manufacturer.as_deref().unwrap_or("unknown manufacturer");
                let flow = if self.rtscts == Some(true) { "with" } else { "without" };
                format!("a controller: Bluetooth {version}, {maker}{at}, {flow} RTS/CTS")
            }
            "text" => format!("text{at}, no HCI: \"{text}\""),
            "three-wire" => format!("the three-wire transport (H5) or BCSP{at}, no H4"),
            "loopback" => "its own output: every byte comes back".into(),
            "noise" => "bytes, but no answer to HCI Reset".into(),
            "silent" => "no answer to HCI Reset at any baud rate".into(),
            "no-permission" => "no permission".into(),
            "busy" => "another program has it open".into(),
            "missing" => "there is no such port".into(),
            "not-serial" => "not a serial port".into(),
            "gone" => "the port is gone".into(),
            _ => format!("cannot be used: {text}"),
        }
    }
}

impl Record for Report {
    fn human(&self, paint: Paint) -> String {
        let what = self.what();
        let what = if self.is_controller() { paint.green(&what) } else { paint.red(&what) };
        let mut text = format!(" {}  {what}", paint.bold(&self.port));
        for line in self.advice.lines() {
            text.push_str("\n   ");
            text.push_str(line);
        }
        text
    }
}

/// Names it for scripts.
const fn kind(found: &Found) -> &'static str {
    match found {
        Found::Controller(_) => "controller",
        Found::Other { answer, .. } => match answer {
            Answer::Silence => "silent",
            Answer::Noise => "noise",
            Answer::Loopback => "loopback",
            Answer::ThreeWire => "three-wire",
            Answer::Text(_) => "text",
            Answer::Reset => "controller",
        },
        Found::Trouble(trouble) => match trouble {
            Trouble::Missing => "missing",
            Trouble::Forbidden => "no-permission",
            Trouble::NotSerial => "not-serial",
            Trouble::Busy => "busy",
        },
        Found::Gone => "gone",
        Found::Failed(_) => "error",
    }
}

/// Fastest baud rate that is reliable without flow control.
const SLOW: u32 = 115_200;
const GONE: &str = "Was it unplugged, or did the device restart? Plug it in, and run `bindrune doctor` again: a USB device may\n\
     come back under another name.";
const FAILED: &str = "Unplug the device, plug it in again, and run `bindrune doctor` again.";

/// Advice for a port without an H4 controller.
fn other(port: &str, answer: &Answer) -> String {
    let text = match answer {
        Answer::Text(_) => {
            "A shell or a log is on this port. A board may have a second port for HCI; otherwise write a controller image to it, such as\n\
             Zephyr's samples/bluetooth/hci_uart, and keep its console off the UART of HCI."
        }
        Answer::ThreeWire => {
            "bindrune speaks H4 only. Build the controller for H4: for Zephyr hci_uart instead of hci_uart_3wire."
        }
        Answer::Loopback => {
            "TX and RX are connected to each other, or a terminal echoes. Connect TX to the controller's RX, and RX to its TX."
        }
        Answer::Noise => {
            "Something sends, at another baud rate or in another protocol. Look up the rate of its image, and try\n\
             `-t serial:PORT,BAUD`; check ground, and TX and RX."
        }
        Answer::Silence | Answer::Reset => {
            "Does the board have power, and an H4 controller image (such as Zephyr's hci_uart)? Are TX and RX crossed, and RTS and CTS wired?\n\
             Press its reset button, and run `bindrune doctor` again."
        }
    };
    let text = text.replace("PORT", port);
    match advice::modem_manager(Path::new(port)) {
        Some(warning) => format!("{text}\n{warning}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_is_usable_as_it_is_printed() {
        let controller = Controller { baud: 921_600, rtscts: false, version: Some((12, 0x0059)) };
        let report = Report::new("/dev/ttyX", Found::Controller(controller));
        assert!(report.is_controller());
        let text = report.human(Paint::new(false));
        assert!(text.contains("Bluetooth 5.3, Nordic"), "{text}");
        assert!(text.contains("-t serial:/dev/ttyX,921600,no-rtscts info"), "{text}");
        assert!(text.contains("wire RTS and CTS"), "{text}");
    }

    #[test]
    fn each_finding_has_its_advice() {
        for answer in [
            Answer::Silence,
            Answer::Noise,
            Answer::Loopback,
            Answer::ThreeWire,
            Answer::Text("login:".into()),
        ] {
            let report = Report::new("/dev/ttyX", Found::Other { answer, baud: Some(115_200) });
            assert!(!report.is_controller() && report.advice.len() > 40, "{report:?}");
            assert!(!report.what().contains("cannot be used"), "{report:?}");
        }
        for trouble in [Trouble::Missing, Trouble::Forbidden, Trouble::NotSerial, Trouble::Busy] {
            let report = Report::new("/dev/ttyX", Found::Trouble(trouble));
            assert!(!report.advice.is_empty(), "{report:?}");
            assert!(!report.what().contains("cannot be used"), "{report:?}");
        }
    }
}
