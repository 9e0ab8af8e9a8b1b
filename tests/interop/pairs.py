#!/usr/bin/env python3
"""1 MiB over a channel on rootcanal between each pair of the program and Bumble, in one run: CPU of both processes, and goodput.

    cargo build --release --package bindrune-cli
    target/interop-venv/bin/python tests/interop/pairs.py target/release/bindrune [--docs]

MPS 247, SDUs of 1,000 bytes, windows of 48 at every end. Figures are medians of several rounds. Fails if the program on both ends takes more
than half of the CPU of Bumble on both ends, or has less goodput. `--docs` writes the table to
docs/performance.md. CPU is of a whole process; for Bumble without its start and connection.
"""

import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

from cpu import OCTETS, PSM, SDU, Air, Peer, Program, cpu

ROUNDS = 3
WINDOW = 48
COUNT = OCTETS // SDU
PAGE = pathlib.Path(__file__).parents[2] / "docs/performance.md"


class Reporter(Program):
    """The program, which reports the transfer."""

    def __init__(self, air, program, scratch, *arguments):
        super().__init__(air, program, scratch, "--json", *arguments)
        self.log = scratch / f"--json-{arguments[0]}.log"

    def report(self):
        """Seconds of CPU, and of the transfer."""
        used = self.end()
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        [summary] = [line for line in map(json.loads, lines) if "sha256" in line]
        return used, summary["seconds"]


def sending(air, program, scratch, target):
    file = scratch / "sent"
    file.write_bytes(os.urandom(COUNT * SDU))
    return Reporter(air, program, scratch, "l2cap", "send", target, hex(PSM), str(file))


def receiving(air, program, scratch):
    folder = scratch / "receiver"
    folder.mkdir(exist_ok=True)
    return Reporter(
        air, program, folder, "l2cap", "receive", "--name", "sink", "--output", str(folder / "received"), hex(PSM)
    )


def listening(air, scratch, address):
    peer = Peer(air, "peripheral.py", "sink", address, scratch)
    peer.call("listen", psm=PSM, mtu=SDU, credits=WINDOW)
    peer.call("advertise")
    return peer


def opening(air, scratch, address):
    """A Bumble central, with a channel to the device named `sink`."""
    peer = Peer(air, "central.py", "source", address, scratch)
    sinks = []
    while not sinks:
        found = peer.call("scan", seconds=10.0, name="sink")["devices"]
        sinks = [device for device in found if device["name"] == "sink"]
    [device] = sinks
    peer.call("connect", address=device["address"], address_type=device["address_type"])
    return peer, peer.call("open", psm=PSM, mtu=SDU, credits=WINDOW)["channel"]


def both(air, program, scratch):
    sink = receiving(air, program, scratch)
    source = sending(air, program, scratch, "sink")
    sent, _ = source.report()
    received, seconds = sink.report()
    return sent, received, seconds


def to_bumble(air, program, scratch):
    sink = listening(air, scratch, "C0:00:00:00:00:41")
    before = cpu(sink.pid)
    sent, seconds = sending(air, program, scratch, "C0:00:00:00:00:41/random").report()
    received = cpu(sink.pid) - before
    sink.end()
    return sent, received, seconds


def from_bumble(air, program, scratch):
    sink = receiving(air, program, scratch)
    source, channel = opening(air, scratch, "C0:00:00:00:00:42")
    before = cpu(source.pid)
    source.call("send", channel=channel, count=COUNT, length=SDU)
    sent = cpu(source.pid) - before
    source.call("close", channel=channel)
    source.end()
    received, seconds = sink.report()
    return sent, received, seconds


def between_bumbles(air, _program, scratch):
    sink = listening(air, scratch, "C0:00:00:00:00:43")
    source, channel = opening(air, scratch, "C0:00:00:00:00:44")
    theirs = sink.call("wait_channel", psm=PSM)["channel"]
    before, began = (cpu(source.pid), cpu(sink.pid)), time.monotonic()
    source.call("send", channel=channel, count=COUNT, length=SDU)
    sink.call("received", channel=theirs, count=COUNT, timeout=120.0)
    seconds = time.monotonic() - began
    sent, received = cpu(source.pid) - before[0], cpu(sink.pid) - before[1]
    source.call("close", channel=channel)
    source.end()
    sink.end()
    return sent, received, seconds


PAIRS = {
    ("bindrune", "bindrune"): both,
    ("bindrune", "Bumble"): to_bumble,
    ("Bumble", "bindrune"): from_bumble,
    ("Bumble", "Bumble"): between_bumbles,
}


def measure(program):
    """The medians of each pair: CPU of sender and receiver, CPU of both, kbit/s."""
    rounds = {pair: [] for pair in PAIRS}
    for _ in range(ROUNDS):
        for pair, transfer in PAIRS.items():
            with tempfile.TemporaryDirectory() as folder:
                scratch = pathlib.Path(folder)
                air = Air(scratch)
                try:
                    sent, received, seconds = transfer(air, program, scratch)
                finally:
                    air.process.terminate()
                    air.process.wait()
            rounds[pair].append((sent, received, sent + received, COUNT * SDU * 8 / seconds / 1000))
    return {pair: [statistics.median(column) for column in zip(*taken)] for pair, taken in rounds.items()}


def table(medians):
    lines = ["| sender | receiver | CPU, sender | receiver | both | goodput |", "|---|---|--:|--:|--:|--:|"]
    for (sender, receiver), (sent, received, total, rate) in medians.items():
        lines.append(
            f"| {sender} | {receiver} | {sent:.2f} s | {received:.2f} s | {total:.2f} s | {rate:.0f} kbit/s |"
        )
    return "\n".join(lines)


def main():
    program, *docs = sys.argv[1:]
    medians = measure(program)
    text = table(medians)
    print(text)
    if docs == ["--docs"]:
        begin, end = "<!-- begin pairs: written by tests/interop/pairs.py, do not edit -->", "<!-- end pairs -->"
        before, rest = PAGE.read_text().split(begin)
        PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}")
    ours, theirs = medians["bindrune", "bindrune"], medians["Bumble", "Bumble"]
    sys.exit(ours[2] > theirs[2] / 2 or ours[3] < theirs[3])


if __name__ == "__main__":
    main()
