//! A controller on a pseudo-terminal, as on a serial port.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, tcgetattr, tcsetattr},
};
use serialport::{SerialPort as _, TTYPort};

use crate::{
    air::air,
    run::{Run, Running, bindrune},
};

/// A serial port with the controller of a transport behind it.
pub(crate) struct Plug {
    path: String,
    controller: TcpStream,
    unplugged: Arc<AtomicBool>,
    copying: Vec<JoinHandle<()>>,
}

impl Plug {
    pub(crate) fn into(transport: &str) -> Self {
        // No program that a test starts inherits this end, so it is gone as soon as the test closes it.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let near = openpt(flags).expect("a pseudo-terminal");
        grantpt(&near).expect("a pseudo-terminal");
        unlockpt(&near).expect("a pseudo-terminal");
        let mut settings = tcgetattr(&near).expect("settings");
        settings.make_raw();
        tcsetattr(&near, OptionalActions::Now, &settings).expect("settings");
        let path = ptsname(&near, Vec::new()).expect("a name");
        let address = transport.strip_prefix("tcp-client:").expect("a transport");
        let mut plug = Self {
            path: path.into_string().expect("a path"),
            controller: TcpStream::connect(address).expect("a controller"),
            unplugged: Arc::default(),
            copying: Vec::new(),
        };
        plug.copy(near.into());
        plug
    }

    fn copy(&mut self, mut near: File) {
        let controller = || self.controller.try_clone().expect("the controller");
        let mut back = near.try_clone().expect("the near end");
        let (mut controller, mut from) = (controller(), controller());
        let unplugged = Arc::clone(&self.unplugged);
        self.copying.push(thread::spawn(move || {
            let mut block = [0; 4096];
            while !unplugged.load(Ordering::Relaxed) {
                let mut wanted = [PollFd::new(&near, PollFlags::IN)];
                let ready = poll(&mut wanted, Some(&PAUSE)).expect("a state");
                let readable = wanted[0].revents().contains(PollFlags::IN);
                if !readable {
                    // No program has the port open, if it is ready and not readable.
                    if ready > 0 {
                        thread::sleep(Duration::from_millis(20));
                    }
                    continue;
                }
                let Ok(len) = near.read(&mut block) else { continue };
                if controller.write_all(&block[..len]).is_err() {
                    return;
                }
            }
        }));
        self.copying.push(thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(len @ 1..) = from.read(&mut block) {
                if back.write_all(&block[..len]).is_err() {
                    return;
                }
            }
        }));
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn transport(&self) -> String {
        format!("serial:{},115200,no-rtscts", self.path)
    }

    /// Hangs up, as a USB device that is pulled out.
    pub(crate) fn unplug(self) {
        self.unplugged.store(true, Ordering::Relaxed);
        self.controller.shutdown(std::net::Shutdown::Both).expect("a connection");
        for thread in self.copying {
            thread.join().expect("an end");
        }
    }
}

/// How often the near end is looked at.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Commands work on a pseudo-terminal, one after the other.
#[test]
fn a_serial_port_is_a_transport() {
    let (_air, ours, theirs) = air("--seed 41");
    let mut peripheral = Running::start(&format!("-t {ours} peripheral --name Bench --json"));
    peripheral.until("advertising");
    let plug = Plug::into(&theirs);
    let transport = plug.transport();
    bindrune(&format!("-t {transport} info")).success();
    bindrune(&format!("-t {transport} gatt read Bench 2a00")).success();
    plug.unplug();
}

/// A port that is unplugged: the message says so, also to a program that runs until Ctrl-C.
#[test]
fn an_unplugged_port_is_reported() {
    let (_air, ours, _) = air("--seed 42");
    let plug = Plug::into(&ours);
    let notes = Run::folder("unplugged").join("peripheral");
    let words = format!("-t {} peripheral", plug.transport());
    let mut peripheral = Running::noting(&words, &notes);
    peripheral.until("advertising");
    let gone = format!("the port {} is gone", plug.path);
    plug.unplug();
    assert_eq!(peripheral.ends(), Some(3));
    let said = std::fs::read_to_string(&notes).expect("diagnostics");
    assert!(said.contains(&gone) && said.contains("Was the device unplugged"), "{said}");
}

/// A port in use: the message says who has it.
#[test]
fn a_port_in_use_names_its_user() {
    let (near, far) = TTYPort::pair().expect("a pseudo-terminal");
    let path = far.name().expect("a name");
    drop(far);
    // Opening takes the port for one program alone.
    let _held = serialport::new(&path, 115_200).open_native().expect("the port");
    let own = format!("(process {})", std::process::id());
    let run = bindrune(&format!("-t serial:{path},115200,no-rtscts info")).fails_with(3);
    assert!(run.stderr.contains("another program has it open"), "{}", run.stderr);
    run.says(&own);
    drop(near);
}
