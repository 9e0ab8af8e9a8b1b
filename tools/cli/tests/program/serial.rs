//! A controller on a pseudo-terminal, as on a serial port.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serialport::{SerialPort as _, TTYPort};

use crate::{
    air::air,
    run::{Running, bindrune},
};

/// A serial port with the controller of a transport behind it.
struct Plug {
    path: String,
    near: TTYPort,
    controller: TcpStream,
    unplugged: Arc<AtomicBool>,
}

impl Plug {
    fn into(transport: &str) -> Self {
        let (mut near, far) = TTYPort::pair().expect("a pseudo-terminal");
        let path = far.name().expect("a name");
        drop(far);
        near.set_timeout(PAUSE).expect("a timeout");
        let address = transport.strip_prefix("tcp-client:").expect("a transport");
        let controller = TcpStream::connect(address).expect("a controller");
        let plug = Self { path, near, controller, unplugged: Arc::default() };
        plug.copy();
        plug
    }

    fn copy(&self) {
        let near = || self.near.try_clone_native().expect("the near end");
        let controller = || self.controller.try_clone().expect("the controller");
        let (mut near, mut back) = (near(), near());
        let (mut controller, mut from) = (controller(), controller());
        let unplugged = Arc::clone(&self.unplugged);
        thread::spawn(move || {
            let mut block = [0; 4096];
            while !unplugged.load(Ordering::Relaxed) {
                // Nothing to read, or no program that has the port open.
                let Ok(len) = near.read(&mut block) else {
                    thread::sleep(PAUSE);
                    continue;
                };
                if controller.write_all(&block[..len]).is_err() {
                    return;
                }
            }
        });
        thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(len @ 1..) = from.read(&mut block) {
                if back.write_all(&block[..len]).is_err() {
                    return;
                }
            }
        });
    }

    fn transport(&self) -> String {
        format!("serial:{},115200,no-rtscts", self.path)
    }

    fn unplug(self) {
        self.unplugged.store(true, Ordering::Relaxed);
        self.controller.shutdown(std::net::Shutdown::Both).expect("a connection");
    }
}

/// How often the near end is looked at.
const PAUSE: Duration = Duration::from_millis(20);

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
