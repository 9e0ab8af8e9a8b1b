#!/usr/bin/env python3
"""Measures the cost of the program: CPU while a link is idle, and for 1 MiB over rootcanal beside Bumble in the same run, on LE and
on BR/EDR.

    cargo build --release --package bindrune-cli
    target/interop-venv/bin/python tests/interop/cpu.py target/release/bindrune

Prints the figures, and fails if idle CPU is 0.5 % of a core or more, or a transfer on LE takes more CPU than Bumble's end of it.
The program's figures include its start, the connection and, on BR/EDR, the pairing; Bumble's do not. It checks only CPU time, which other load on the machine hardly changes.
"""

import asyncio
import json
import os
import pathlib
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time

PEERS = pathlib.Path(__file__).parent / "peers"
sys.path.append(str(PEERS))

import relay  # noqa: E402
OCTETS = 1 << 20
SDU = 1000
IDLE_SECONDS = 20
IDLE_PERCENT = 0.5
PSM = 0x80
CLASSIC_PSM = 0x1001
CLASSIC_SDU = 4096
TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    """Seconds of CPU that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def switches(pid):
    """How often the threads of a process yielded a core."""
    count = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        lines = status.read_text().splitlines()
        count += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return count


class Air:
    """rootcanal on fresh ports, its links moving every millisecond."""

    def __init__(self, scratch):
        held = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
        test, self.hci, link, link_ble = [s.getsockname()[1] for s in held]
        for s in held:
            s.close()
        [program] = pathlib.Path(sys.prefix).glob("lib/*/site-packages/rootcanal/bin/linux-x86_64/rootcanal")
        ports = ["-test_port", test, "-link_port", link, "-link_ble_port", link_ble]
        configuration = f"tcp_server {{ tcp_port: {self.hci} configuration {{ strict: false }} }}"
        log = open(scratch / "rootcanal.log", "wb")
        self.process = subprocess.Popen(
            [program, *map(str, ports), "-configuration", configuration], stdout=log, stderr=log
        )
        self.test = connect(test)
        name, argument = b"set_timer_period", b"1"
        self.test.sendall(bytes([len(name)]) + name + bytes([1, len(argument)]) + argument)


def connect(port):
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit("rootcanal did not come up")


class Peer:
    """Bumble, in its own process."""

    def __init__(self, air, script, name, address, scratch):
        command = [sys.executable, str(PEERS / script), "--hci", f"tcp-client:127.0.0.1:{air.hci}"]
        self.process = subprocess.Popen(
            [*command, "--name", name, "--address", address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=open(scratch / f"{name}.log", "wb"),
            text=True,
        )
        self.address = self.answer()["address"]
        self.pid = self.process.pid

    def answer(self):
        answer = json.loads(self.process.stdout.readline())
        assert answer.get("ok", True), answer
        return answer

    def call(self, do, **arguments):
        self.process.stdin.write(json.dumps({"id": 1, "do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Program:
    """The program, on its own controller."""

    def __init__(self, air, program, scratch, *arguments, port=None):
        transport = ["-t", f"tcp-client:127.0.0.1:{port or air.hci}"]
        log = open(scratch / f"{'-'.join(arguments[:2])}.log", "wb")
        self.process = subprocess.Popen([program, *transport, *arguments], stdout=log, stderr=log)
        self.pid = self.process.pid

    def end(self):
        """Waits for the end, and returns the total CPU time."""
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        assert self.process.returncode == 0, f"the program failed: {self.process.returncode}"
        return usage.ru_utime + usage.ru_stime


def idle(air, program, scratch):
    """CPU of the program in percent of a core while an idle link is up."""
    ours = Program(air, program, scratch, "peripheral", "--name", "idle", "--address", "C0:00:00:00:00:11")
    theirs = Peer(air, "central.py", "idle-phone", "C0:00:00:00:00:12", scratch)
    theirs.call("connect", address="C0:00:00:00:00:11", interval=15.0)
    time.sleep(3)
    before, switched = cpu(ours.pid), switches(ours.pid)
    time.sleep(IDLE_SECONDS)
    used, switched = cpu(ours.pid) - before, switches(ours.pid) - switched
    ours.process.terminate()
    ours.end()
    theirs.end()
    return 100 * used / IDLE_SECONDS, switched / IDLE_SECONDS


def send(air, program, scratch):
    """CPU of the program that sends 1 MiB, and of Bumble that receives it."""
    theirs = Peer(air, "peripheral.py", "sink", "C0:00:00:00:00:21", scratch)
    theirs.call("listen", psm=PSM, mtu=SDU)
    theirs.call("advertise")
    file = scratch / "sent"
    file.write_bytes(os.urandom(OCTETS))
    before = cpu(theirs.pid)
    ours = Program(air, program, scratch, "l2cap", "send", "C0:00:00:00:00:21/random", hex(PSM), str(file))
    ours = ours.end()
    cost = ours, cpu(theirs.pid) - before
    theirs.end()
    return cost


def receive(air, program, scratch):
    """CPU of the program that receives 1 MiB, and of Bumble that sends it."""
    file = scratch / "received"
    ours = Program(air, program, scratch, "l2cap", "receive", "--output", str(file), hex(PSM))
    theirs = Peer(air, "central.py", "source", "C0:00:00:00:00:31", scratch)
    found = theirs.call("scan", seconds=10.0, name="bindrune")["devices"]
    [device] = [device for device in found if device["name"] == "bindrune"]
    theirs.call("connect", address=device["address"], address_type=device["address_type"])
    channel = theirs.call("open", psm=PSM, mtu=SDU)["channel"]
    before = cpu(theirs.pid)
    theirs.call("send", channel=channel, count=OCTETS // SDU, length=SDU)
    cost = cpu(theirs.pid) - before
    theirs.call("close", channel=channel)
    ours = ours.end()
    theirs.end()
    return ours, cost


def classic_arguments(mode):
    """Arguments of a channel for the program, and for Bumble."""
    channel = {"psm": CLASSIC_PSM, "mtu": CLASSIC_SDU, "enhanced": mode == "enhanced"}
    return ["--mode", mode, "--mtu", str(CLASSIC_SDU)], channel


def relayed(air):
    """A port for a host that accepts no link keys of zeros, as the program."""
    port = queue.Queue()
    serving = relay.serve("127.0.0.1", air.hci, port.put)
    threading.Thread(target=asyncio.run, args=(serving,), daemon=True).start()
    return port.get(timeout=10)


def classic_send(air, program, scratch, mode):
    """As `send`, over BR/EDR."""
    options, channel = classic_arguments(mode)
    theirs = Peer(air, "classic.py", f"{mode}-sink", "C0:00:00:00:00:41", scratch)
    theirs.call("listen", **channel)
    theirs.call("discoverable")
    file = scratch / "sent"
    file.write_bytes(os.urandom(OCTETS))
    before = cpu(theirs.pid)
    words = ["classic", "l2cap", "send", theirs.address, hex(CLASSIC_PSM), str(file), *options]
    ours = Program(air, program, scratch, *words, port=relayed(air)).end()
    cost = ours, cpu(theirs.pid) - before
    theirs.end()
    return cost


def classic_receive(air, program, scratch, mode):
    """As `receive`, over BR/EDR."""
    options, channel = classic_arguments(mode)
    file = scratch / f"received-{mode}"
    words = ["classic", "l2cap", "receive", hex(CLASSIC_PSM), "--output", str(file), *options]
    ours = Program(air, program, scratch, *words, port=relayed(air))
    theirs = Peer(air, "classic.py", f"{mode}-source", "C0:00:00:00:00:51", scratch)
    named = []
    while not named:
        found = theirs.call("inquire", seconds=5.12)["devices"]
        named = [device for device in found if device["name"] == "bindrune"]
        assert ours.process.poll() is None, "the program ended"
    theirs.call("connect", address=named[0]["address"])
    number = theirs.call("open", **channel)["channel"]
    before = cpu(theirs.pid)
    theirs.call("send", channel=number, count=OCTETS // CLASSIC_SDU, length=CLASSIC_SDU)
    cost = cpu(theirs.pid) - before
    theirs.call("close", channel=number)
    ours = ours.end()
    assert file.stat().st_size == OCTETS, "not all bytes arrived"
    theirs.end()
    return ours, cost


def main():
    [program] = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        air = Air(scratch)
        try:
            percent, switched = idle(air, program, scratch)
            print(f"idle with a link up: {percent:.2f} % of a core, {switched:.0f} context switches a second")
            failed = percent >= IDLE_PERCENT
            for name, transfer in ("sends", send), ("receives", receive):
                ours, theirs = transfer(air, program, scratch)
                print(f"1 MiB, the program {name}: {ours:.2f} s of CPU; Bumble: {theirs:.2f} s")
                failed |= ours >= theirs
            for mode in "basic", "enhanced":
                for name, transfer in ("sends", classic_send), ("receives", classic_receive):
                    ours, theirs = transfer(air, program, scratch, mode)
                    print(f"1 MiB on BR/EDR, {mode}, the program {name}: {ours:.2f} s of CPU; Bumble: {theirs:.2f} s")
        finally:
            air.process.terminate()
            air.process.wait()
    sys.exit(failed)


if __name__ == "__main__":
    main()
