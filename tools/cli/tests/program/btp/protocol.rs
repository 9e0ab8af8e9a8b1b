//! The core service, and frames that no tester should send.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use bindrune_btp::{
    Bytes16, Command, MTU, NO_CONTROLLER, Packet, Response, Service, Status, Supported, base, gap,
    gatt, l2cap,
};

use super::client::{Client, listening};
use crate::run::{Running, bindrune};

/// Sends a packet, and returns the response.
fn exchange(client: &mut Client, packet: &Packet) -> Packet {
    client.write(&packet.bytes());
    client.response()
}

fn status(client: &mut Client, service: u8, opcode: u8, index: u8, data: &[u8]) -> Option<Status> {
    let packet = Packet { service: Service(service), opcode, index, data: data.to_vec() };
    let response = exchange(client, &packet);
    assert_eq!((response.service, response.index), (packet.service, index));
    response.status()
}

fn commands_of(client: &mut Client, command: impl Into<Command>) -> Supported {
    match client.ok(command) {
        Response::Core(base::Response::SupportedCommands { commands })
        | Response::Gap(gap::Response::SupportedCommands { commands })
        | Response::Gatt(gatt::Response::SupportedCommands { commands })
        | Response::L2cap(l2cap::Response::SupportedCommands { commands }) => commands,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_host_says_what_it_supports() {
    let (mut client, _program) = listening("sim", "");
    let services = client.ok(base::Command::ReadSupportedServices {});
    let expected = base::Response::SupportedServices { services: Supported(vec![0b1111]) };
    assert_eq!(services, Response::Core(expected));
    client.register();
    let of_core = commands_of(&mut client, base::Command::ReadSupportedCommands {});
    assert_eq!(of_core.0, [0b0111_1110]);
    let of_gap = commands_of(&mut client, gap::Command::ReadSupportedCommands {});
    assert!(of_gap.has(0x2a) && of_gap.has(0x0a) && !of_gap.has(0x07) && !of_gap.has(0x22));
    let of_gatt = commands_of(&mut client, gatt::Command::ReadSupportedCommands {});
    assert!(of_gatt.has(0x20) && !of_gatt.has(0x16) && !of_gatt.has(0x1f));
    let of_l2cap = commands_of(&mut client, l2cap::Command::ReadSupportedCommands {});
    assert_eq!(of_l2cap.0, [0b0111_1110]);
    let mtu = client.ok(base::Command::ReadMtu {});
    assert_eq!(mtu, Response::Core(base::Response::Mtu { mtu: MTU as u16 }));
    client.ok(base::Command::LogMessage {
        text: Bytes16(b"GAP/CONN/UCON/BV-01-C \x1b[31m".to_vec()),
    });
}

#[test]
fn wrong_frames_have_their_status_and_the_next_frame_is_understood() {
    let (mut client, _program) = listening("sim", "");
    let none = NO_CONTROLLER;
    // Not registered yet.
    assert_eq!(status(&mut client, 1, 1, none, &[]), Some(Status::NOT_READY));
    client.register();
    for (service, opcode, index, data, expected) in [
        (0x55, 1, none, &[][..], Status::UNKNOWN_COMMAND),
        (1, 0x7f, 0, &[], Status::UNKNOWN_COMMAND),
        (1, 0x07, 0, &[1], Status::UNKNOWN_COMMAND),
        (2, 0x16, 0, &[], Status::UNKNOWN_COMMAND),
        (0, 0, none, &[], Status::UNKNOWN_COMMAND),
        (1, 0x80, 0, &[], Status::UNKNOWN_COMMAND),
        (1, 0x05, 1, &[1], Status::INVALID_INDEX),
        (1, 0x05, none, &[1], Status::INVALID_INDEX),
        (1, 0x02, 0, &[], Status::INVALID_INDEX),
        (0, 0x01, 0, &[], Status::INVALID_INDEX),
        (0, 0x03, none, &[], Status::FAIL),
        (0, 0x03, none, &[0x55], Status::FAIL),
        (1, 0x05, 0, &[2], Status::FAIL),
        (1, 0x08, 0, &[3], Status::FAIL),
        (1, 0x0a, 0, &[9, 0, 1], Status::FAIL),
        (1, 0x0e, 0, &[7; 8], Status::FAIL),
        (1, 0x0f, 0, &[0, 1, 2, 3, 4, 5, 6], Status::FAIL),
        (1, 0x14, 0, &[0, 1, 2, 3, 4, 5, 6, 1], Status::FAIL),
        (2, 0x02, 0, &[0, 3, 1, 2, 3], Status::FAIL),
        (2, 0x06, 0, &[0, 0, 255, 255, 1], Status::FAIL),
        (2, 0x11, 0, &[0, 1, 2, 3, 4, 5, 6, 3, 0], Status::FAIL),
        (3, 0x04, 0, &[0, 1, 0, 7], Status::FAIL),
        (3, 0x05, 0, &[0, 0, 1, 0, 0, 0, 0], Status::FAIL),
    ] {
        let got = status(&mut client, service, opcode, index, data);
        assert_eq!(got, Some(expected), "{service} {opcode:#x} {index} {data:?}");
    }
    let long = Packet { service: Service::GATT, opcode: 6, index: 0, data: vec![0; MTU] };
    assert_eq!(exchange(&mut client, &long).status(), Some(Status::FAIL));
    client.ok(base::Command::ReadMtu {});
}

#[test]
fn frames_arrive_in_any_pieces() {
    let (mut client, _program) = listening("sim", "");
    let read = Command::from(base::Command::ReadMtu {}).packet(NO_CONTROLLER).bytes();
    client.write(&[read.clone(), read.clone(), read.clone()].concat());
    for _ in 0..3 {
        assert_eq!(client.response().opcode, base::Opcode::READ_MTU.0);
    }
    for byte in read {
        client.write(&[byte]);
    }
    assert_eq!(client.response().opcode, base::Opcode::READ_MTU.0);
}

#[test]
fn a_service_that_is_not_registered_has_no_events() {
    let (mut client, _program) = listening("sim", "");
    client.register();
    client.gap(gap::Command::StartDiscovery { flags: 0x11 });
    client.gap_event(|event| matches!(event, gap::Event::DeviceFound { .. }).then_some(()));
    client.ok(base::Command::UnregisterService { service: Service::GAP.0 });
    client.forget();
    std::thread::sleep(std::time::Duration::from_millis(500));
    // The next packet is the response.
    let read = Command::from(base::Command::ReadMtu {}).packet(NO_CONTROLLER);
    client.write(&read.bytes());
    assert_eq!(client.packet().opcode, read.opcode);
}

/// One tester after the other: each finds the host in its initial state.
#[cfg(unix)]
#[test]
fn testers_come_and_go_on_a_unix_socket() {
    use std::os::unix::net::UnixStream;
    let path = super::client::socket_path("socket");
    let mut program = Running::start(&format!("btp --json --listen unix:{}", path.display()));
    program.until("listening");
    for _ in 0..2 {
        let mut stream = UnixStream::connect(&path).expect("a connection");
        let mut ready = [0; 5];
        stream.read_exact(&mut ready).expect("an event");
        assert_eq!(ready, [0, 0x80, 0xff, 0, 0]);
        // The service is not registered: the state of the last tester is gone.
        stream.write_all(&[1, 1, 0xff, 0, 0]).expect("a command");
        let mut error = [0; 6];
        stream.read_exact(&mut error).expect("a response");
        assert_eq!(error, [1, 0, 0xff, 1, 0, 3]);
        stream.write_all(&[0, 3, 0xff, 1, 0, 1]).expect("a command");
        stream.read_exact(&mut ready).expect("a response");
        assert_eq!(ready, [0, 3, 0xff, 0, 0]);
        drop(stream);
        program.until("tester disconnected");
    }
    assert_eq!(program.interrupt(), Some(0));
    assert!(!path.exists(), "the socket's file is removed");
}

#[test]
fn the_program_says_what_is_wrong_with_an_address() {
    bindrune("btp").fails_with(2).says("--listen");
    bindrune("btp --listen serial:/dev/x").fails_with(2).says("unix:PATH");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    bindrune(&format!("btp --listen tcp:{port}")).fails_with(1).says("cannot listen on");
    drop(taken);
    bindrune(&format!("btp --connect tcp:127.0.0.1:{port}"))
        .fails_with(1)
        .says("cannot connect to");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}
