//! Chips that need vendor commands before the host runs, and their faults.
#![cfg(all(feature = "std", feature = "security"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "what these tests are for"
)]

use core::{
    cell::{Cell, RefCell},
    future::{Future, pending, poll_fn},
    pin::pin,
    task::Poll,
};
use std::collections::{BTreeMap, VecDeque};

use bindrune::{
    BringUp, BringUpError, Config, ControllerCrypto, Host, Opcode, Platform, Resources, Status,
    cmd::vendor::{ReadStaticAddresses, WriteBdAddr},
};
use bindrune_controller::{
    ControllerConfig, PortReader, PortWriter, Unplugged, VirtualClock, World,
};
use embassy_futures::select::{Either, select};
use embassy_time::Duration;
use embedded_io_async::{ErrorType, Read, Write};

const UPDATE_BAUD_RATE: Opcode = Opcode(0xfc18);
const WRITE_RAM: Opcode = Opcode(0xfc4c);
const LAUNCH_RAM: Opcode = Opcode(0xfc4e);
const SLOW: u32 = 115_200;
const FAST: u32 = 3_000_000;

/// Behaviour of the chip on a vendor command.
#[derive(Clone, Debug)]
enum Reaction {
    /// Command Complete with these octets after the opcode.
    Complete(&'static [u8]),
    /// These octets.
    Octets(Vec<u8>),
    /// Command Complete, and this baud rate from then on.
    Baud(u32),
}

/// A chip at a UART: it handles vendor commands itself, and passes the rest to a virtual controller.
struct Chip {
    reader: RefCell<PortReader>,
    writer: RefCell<PortWriter>,
    /// Baud rates of both ends.
    chip: Cell<u32>,
    line: Cell<u32>,
    reactions: RefCell<BTreeMap<u16, Reaction>>,
    /// The vendor commands that it received, with their parameters.
    seen: RefCell<Vec<(u16, Vec<u8>)>>,
    pending: RefCell<Vec<u8>>,
    answers: RefCell<VecDeque<u8>>,
    takes_octets: Cell<bool>,
}

impl Chip {
    fn new(world: &World) -> Self {
        let (reader, writer) = world.add(ControllerConfig::new()).split();
        Self {
            reader: RefCell::new(reader),
            writer: RefCell::new(writer),
            chip: Cell::new(SLOW),
            line: Cell::new(SLOW),
            reactions: RefCell::default(),
            seen: RefCell::default(),
            pending: RefCell::default(),
            answers: RefCell::default(),
            takes_octets: Cell::new(true),
        }
    }

    fn reacts(&self, opcode: Opcode, reaction: Reaction) {
        self.reactions.borrow_mut().insert(opcode.0, reaction);
    }

    fn bring_up<'c>(&'c self, world: &World) -> Sequence<'c> {
        BringUp::new(Rx(self), Tx(self)).clock(world.clock())
    }

    fn vendor(&self, low: u8, high: u8, parameters: &[u8]) {
        let opcode = u16::from_le_bytes([low, high]);
        self.seen.borrow_mut().push((opcode, parameters.to_vec()));
        let reaction = self.reactions.borrow().get(&opcode).cloned();
        let mut answers = self.answers.borrow_mut();
        let mut complete = |returned: &[u8]| {
            let len = u8::try_from(returned.len() + 3).unwrap();
            answers.extend([4, 0x0e, len, 1, low, high].iter().chain(returned));
        };
        match reaction {
            None => complete(&[0]),
            Some(Reaction::Complete(returned)) => complete(returned),
            Some(Reaction::Octets(octets)) => answers.extend(octets),
            Some(Reaction::Baud(baud)) => {
                complete(&[0]);
                self.chip.set(baud);
            }
        }
    }
}

type Sequence<'c> = BringUp<Rx<'c>, Tx<'c>, VirtualClock>;
type Outcome = Result<(), BringUpError<Unplugged>>;

struct Rx<'c>(&'c Chip);
struct Tx<'c>(&'c Chip);

impl ErrorType for Rx<'_> {
    type Error = Unplugged;
}

impl ErrorType for Tx<'_> {
    type Error = Unplugged;
}

impl Read for Rx<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unplugged> {
        let chip = self.0;
        let n = poll_fn(|cx| {
            let mut answers = chip.answers.borrow_mut();
            let n = answers.len().min(buffer.len());
            buffer.iter_mut().zip(answers.drain(..n)).for_each(|(to, octet)| *to = octet);
            if n > 0 {
                return Poll::Ready(Ok(n));
            }
            pin!(chip.reader.borrow_mut().read(buffer)).poll(cx)
        })
        .await?;
        // An answer of the chip leaves before it changes its baud rate; at the wrong rate the line carries noise.
        if chip.line.get() != chip.chip.get() && buffer[0] != 4 {
            buffer[..n].iter_mut().for_each(|octet| *octet ^= 0xa5);
        }
        Ok(n)
    }
}

impl Write for Tx<'_> {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Unplugged> {
        let chip = self.0;
        if !chip.takes_octets.get() {
            pending::<()>().await;
        }
        // Two at a time, so that a dropped future leaves a part of a packet.
        let octets = &octets[..octets.len().min(2)];
        yield_once().await;
        if chip.line.get() != chip.chip.get() {
            return Ok(octets.len());
        }
        let mut pending = chip.pending.borrow_mut();
        pending.extend(octets);
        while let Some(len) = packet_len(&pending) {
            let packet: Vec<u8> = pending.drain(..len).collect();
            match packet[..] {
                [1, low, high, _, ref parameters @ ..] if high >= 0xfc => {
                    chip.vendor(low, high, parameters);
                }
                _ => {
                    let sent = pin!(chip.writer.borrow_mut().write_all(&packet))
                        .poll(&mut core::task::Context::from_waker(core::task::Waker::noop()));
                    assert_eq!(sent, Poll::Ready(Ok(())));
                }
            }
        }
        Ok(octets.len())
    }

    async fn flush(&mut self) -> Result<(), Unplugged> {
        Ok(())
    }
}

/// Returns the octets of the first packet when it is complete.
fn packet_len(octets: &[u8]) -> Option<usize> {
    let len = match *octets {
        [1, _, _, len, ..] => 4 + usize::from(len),
        [2, _, _, low, high, ..] => 5 + usize::from(u16::from_le_bytes([low, high])),
        [] | [1 | 2, ..] => return None,
        [other, ..] => panic!("the host sent 0x{other:02x}"),
    };
    (octets.len() >= len).then_some(len)
}

async fn yield_once() {
    let mut polled = false;
    poll_fn(|cx| {
        if core::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Two records of a download, as in an `.hcd` file.
const FIRMWARE: &[u8] =
    &[0x4c, 0xfc, 6, 0, 0, 0x20, 0, 0xaa, 0xbb, 0x4e, 0xfc, 4, 0xff, 0xff, 0xff, 0xff];

/// The sequence of a driver for such a chip.
async fn broadcom(chip: &Chip, sequence: &mut Sequence<'_>) -> Outcome {
    sequence.reset().await?;
    sequence.download(FIRMWARE).await?;
    sequence.wait(Duration::from_millis(250)).await;
    sequence.reset().await?;
    sequence.send(&WriteBdAddr { address: [1, 2, 3, 4, 5, 0xc0] }).await?;
    let [a, b, c, d] = FAST.to_le_bytes();
    sequence.command(UPDATE_BAUD_RATE, &[0, 0, a, b, c, d]).await?;
    chip.line.set(FAST);
    sequence.reset().await
}

/// Runs a host over the chip until its controller is initialized.
async fn runs(chip: &Chip, world: &World) {
    let resources = Box::leak(Box::new(Resources::<1>::new()));
    let host = Host::new(resources, Config::new("Lamp")).unwrap();
    let platform = Platform::new().clock(world.clock()).crypto(ControllerCrypto::random_only());
    match select(host.run_with(Rx(chip), Tx(chip), platform), host.controller()).await {
        Either::Second(ready) => assert!(ready.is_ok()),
        Either::First(end) => panic!("{end}"),
    }
}

#[test]
fn a_chip_gets_firmware_address_and_baud_rate_and_the_host_runs() {
    let world = World::new(1);
    let chip = Chip::new(&world);
    chip.reacts(UPDATE_BAUD_RATE, Reaction::Baud(FAST));
    world.block_on(async {
        assert_eq!(broadcom(&chip, &mut chip.bring_up(&world)).await, Ok(()));
        runs(&chip, &world).await;
    });
    let seen = chip.seen.borrow();
    assert_eq!(seen[0], (WRITE_RAM.0, vec![0, 0, 0x20, 0, 0xaa, 0xbb]));
    assert_eq!(seen[1], (LAUNCH_RAM.0, vec![0xff; 4]));
    assert_eq!(seen[2], (Opcode::VENDOR_WRITE_BD_ADDR.0, vec![1, 2, 3, 4, 5, 0xc0]));
    assert_eq!(seen[3].0, UPDATE_BAUD_RATE.0);
}

#[test]
fn a_command_without_an_answer_ends_after_two_seconds_and_a_reset_helps() {
    let world = World::new(2);
    let chip = Chip::new(&world);
    chip.reacts(WRITE_RAM, Reaction::Octets(vec![]));
    world.block_on(async {
        let mut sequence = chip.bring_up(&world);
        assert_eq!(sequence.reset().await, Ok(()));
        let start = world.now();
        let error = sequence.download(FIRMWARE).await;
        assert_eq!(error, Err(BringUpError::NoAnswer(WRITE_RAM)));
        assert_eq!(world.now() - start, Duration::from_secs(2));
        assert_eq!(sequence.command(LAUNCH_RAM, &[]).await, Err(BringUpError::ResetFirst));
        assert_eq!(sequence.reset().await, Ok(()));
        assert_eq!(sequence.command(LAUNCH_RAM, &[]).await, Ok(&[][..]));
        runs(&chip, &world).await;
    });
}

/// Result of a command that the chip answers with these octets; a Reset works afterwards.
fn answered(octets: &[u8]) -> Result<Vec<u8>, BringUpError<Unplugged>> {
    let world = World::new(3);
    let chip = Chip::new(&world);
    chip.reacts(WRITE_RAM, Reaction::Octets(octets.to_vec()));
    world.block_on(async {
        let mut sequence = chip.bring_up(&world);
        assert_eq!(sequence.reset().await, Ok(()));
        let start = world.now();
        let result = sequence.command(WRITE_RAM, &[1]).await.map(<[u8]>::to_vec);
        assert!(world.now() - start <= Duration::from_secs(2));
        assert_eq!(sequence.reset().await, Ok(()));
        assert_eq!(sequence.command(LAUNCH_RAM, &[]).await, Ok(&[][..]));
        result
    })
}

#[test]
fn answers_are_taken_as_they_are() {
    let complete = [4, 0x0e, 6, 1, 0x4c, 0xfc, 0, 7, 8];
    assert_eq!(answered(&complete), Ok(vec![7, 8]));
    assert_eq!(answered(&[4, 0x0f, 4, 0, 1, 0x4c, 0xfc]), Ok(vec![]));
    // An event, ACL data and the answer to another command come before it.
    let before = [4, 0xff, 2, 9, 9, 2, 0x40, 0x20, 1, 0, 5, 4, 0x0e, 4, 1, 0x4e, 0xfc, 0];
    assert_eq!(answered(&[&before[..], &complete].concat()), Ok(vec![7, 8]));
    // The controller takes the next command only later.
    let later = [4, 0x0e, 4, 0, 0x4c, 0xfc, 0, 4, 0x0e, 3, 1, 0, 0];
    assert_eq!(answered(&later), Ok(vec![]));
}

#[test]
fn wrong_answers_are_errors() {
    let refused = |status| Err(BringUpError::Refused { opcode: WRITE_RAM, status });
    assert_eq!(answered(&[4, 0x0e, 4, 1, 0x4c, 0xfc, 0x0c]), refused(Status::COMMAND_DISALLOWED));
    assert_eq!(answered(&[4, 0x0f, 4, 1, 1, 0x4c, 0xfc]), refused(Status::UNKNOWN_COMMAND));
    let malformed = Err(BringUpError::Malformed(WRITE_RAM));
    assert_eq!(answered(&[4, 0x0e, 3, 1, 0x4c, 0xfc]), malformed);
    // The answer to another command, half an answer, a truncated one, a Command Status of no length.
    let silent = Err(BringUpError::NoAnswer(WRITE_RAM));
    assert_eq!(answered(&[4, 0x0e, 4, 1, 0x4e, 0xfc, 0]), silent);
    assert_eq!(answered(&[4, 0x0e, 4, 1, 0x4c]), silent);
    assert_eq!(answered(&[4, 0x0e, 2, 1, 0x4c]), silent);
    assert_eq!(answered(&[4, 0x0f, 0]), silent);
    for noise in [&[0xff, 0xff][..], &[0, 4, 0x0e], &[1, 2, 3, 4]] {
        assert!(matches!(answered(noise), Err(BringUpError::Framing(_))), "{noise:02x?}");
    }
}

#[test]
fn any_octets_end_in_time() {
    let mut random = 0x9e37_79b9_u32;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random.to_le_bytes()[0]
    };
    for _ in 0..500 {
        // Often similar to a packet.
        let mut octets = vec![[2, 4, 4, 4, next()][usize::from(next() % 5)]];
        octets.extend(
            (0..next() % 40).map(|_| [next(), 0x0e, 1, 0x4c, 0xfc][usize::from(next() % 5)]),
        );
        let _any = answered(&octets);
    }
}

/// A port with more octets at every time: of noise, or of events that are no answer.
struct Flood(&'static [u8]);

impl ErrorType for Flood {
    type Error = Unplugged;
}

impl Read for Flood {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unplugged> {
        buffer.iter_mut().zip(self.0.iter().cycle()).for_each(|(to, from)| *to = *from);
        Ok(buffer.len() - buffer.len() % self.0.len())
    }
}

impl Write for Flood {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Unplugged> {
        Ok(octets.len())
    }

    async fn flush(&mut self) -> Result<(), Unplugged> {
        Ok(())
    }
}

#[test]
fn a_controller_that_never_pauses_does_not_hide_the_time_limit() {
    let event = &[0x04, 0x3e, 0x01, 0x02];
    for octets in [&[0xff][..], &[0x04, 0x0e], event] {
        let mut chip = BringUp::new(Flood(octets), Flood(octets));
        chip = chip.within(Duration::from_millis(20));
        let reset = embassy_futures::block_on(chip.reset());
        assert_eq!(reset, Err(BringUpError::NoAnswer(Opcode::RESET)), "{octets:02x?}");
    }
}

#[test]
fn typed_answers_must_have_their_parameters() {
    let world = World::new(4);
    let chip = Chip::new(&world);
    world.block_on(async {
        let mut sequence = chip.bring_up(&world);
        sequence.reset().await.unwrap();
        chip.reacts(Opcode::VENDOR_READ_STATIC_ADDRESSES, Reaction::Complete(&[0, 1, 9]));
        let addresses = sequence.send(&ReadStaticAddresses).await.unwrap();
        assert_eq!(addresses.count, 1);
        chip.reacts(Opcode::VENDOR_READ_STATIC_ADDRESSES, Reaction::Complete(&[0]));
        let error = sequence.send(&ReadStaticAddresses).await;
        assert_eq!(error, Err(BringUpError::Malformed(Opcode::VENDOR_READ_STATIC_ADDRESSES)));
        assert_eq!(sequence.command(WRITE_RAM, &[0; 256]).await, Err(BringUpError::TooLong));
        for cut in [1, 2, 5, FIRMWARE.len() - 1] {
            assert_eq!(sequence.download(&FIRMWARE[..cut]).await, Err(BringUpError::Records));
        }
        assert_eq!(sequence.download(&[]).await, Ok(()));
    });
}

#[test]
fn a_baud_rate_that_the_chip_does_not_take_is_noticed_and_the_old_one_works() {
    let world = World::new(5);
    let chip = Chip::new(&world);
    // It reports the change, and does not make it.
    world.block_on(async {
        let error = broadcom(&chip, &mut chip.bring_up(&world)).await;
        assert_eq!(error, Err(BringUpError::NoAnswer(Opcode::RESET)));
        chip.line.set(SLOW);
        let mut sequence = chip.bring_up(&world);
        assert_eq!(sequence.reset().await, Ok(()));
        assert_eq!(sequence.command(LAUNCH_RAM, &[]).await, Ok(&[][..]));
        runs(&chip, &world).await;
    });
}

#[test]
fn a_baud_rate_that_is_refused_is_reported_with_its_status() {
    let world = World::new(6);
    let chip = Chip::new(&world);
    chip.reacts(UPDATE_BAUD_RATE, Reaction::Complete(&[0x12]));
    let error = world.block_on(async { broadcom(&chip, &mut chip.bring_up(&world)).await });
    let status = Status::INVALID_PARAMETERS;
    assert_eq!(error, Err(BringUpError::Refused { opcode: UPDATE_BAUD_RATE, status }));
    assert_eq!(chip.line.get(), SLOW);
}

#[test]
fn a_controller_that_takes_no_bytes_differs_from_a_silent_one() {
    let world = World::new(7);
    let chip = Chip::new(&world);
    chip.takes_octets.set(false);
    world.block_on(async {
        let mut sequence = chip.bring_up(&world).within(Duration::from_secs(1));
        let start = world.now();
        assert_eq!(sequence.reset().await, Err(BringUpError::NotSent(Opcode::RESET)));
        assert_eq!(world.now() - start, Duration::from_secs(1));
        chip.takes_octets.set(true);
        assert_eq!(sequence.reset().await, Ok(()));
    });
}

/// Drops the sequence after each number of polls; it continues with a Reset.
#[test]
fn a_dropped_sequence_goes_on_with_a_reset() {
    let mut finished = false;
    for polls in 1.. {
        let world = World::new(8);
        let chip = Chip::new(&world);
        chip.reacts(UPDATE_BAUD_RATE, Reaction::Baud(FAST));
        let mut sequence = chip.bring_up(&world);
        let mut left = polls;
        world.block_on(async {
            let mut dropped = Box::pin(broadcom(&chip, &mut sequence));
            finished = poll_fn(|cx| {
                left -= 1;
                if dropped.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(true);
                }
                if left == 0 { Poll::Ready(false) } else { Poll::Pending }
            })
            .await;
        });
        // The driver finds the baud rate by trying. A half-written command is finished, including one that changes the
        // baud rate.
        world.block_on(async {
            if sequence.reset().await.is_err() {
                chip.line.set(chip.chip.get());
                assert_eq!(sequence.reset().await, Ok(()), "after {polls} polls");
            }
            assert_eq!(sequence.command(LAUNCH_RAM, &[]).await, Ok(&[][..]), "after {polls} polls");
            runs(&chip, &world).await;
        });
        if finished {
            assert!(polls > 25, "{polls}");
            return;
        }
    }
}
