"""What the Bumble peers share: the command loop, the transport patch, patterns and LE channels.

A peer reads one JSON object a line on stdin and answers each with one JSON object a line on stdout:

    {"id": 1, "do": "read", "handle": 3}  ->  {"id": 1, "ok": true, "value": "64"}

Commands run concurrently; `id` pairs an answer with its command. Diagnostics go to stderr.
The peer ends when stdin closes.
"""

import argparse
import asyncio
import hashlib
import json
import socket
import struct
import sys
import time
import traceback

from bumble import l2cap
from bumble.device import Device, DeviceConfiguration
from bumble.hci import Address
from bumble.transport import open_transport
from bumble.transport.common import StreamPacketSource

from security import Security, patch_pairing

DEFAULT_TIMEOUT = 60.0


def patch_quick_ack():
    """Acknowledges every TCP segment at once: the controller leaves Nagle's algorithm on, which
    otherwise holds each small packet back by about 40 ms."""
    option = getattr(socket, "TCP_QUICKACK", 12)

    def connection_made(self, transport):
        self.stream_socket = transport.get_extra_info("socket")
        quick_ack(self)

    def quick_ack(self):
        stream_socket = getattr(self, "stream_socket", None)
        if stream_socket is not None and stream_socket.family in (socket.AF_INET, socket.AF_INET6):
            stream_socket.setsockopt(socket.IPPROTO_TCP, option, 1)

    received = StreamPacketSource.data_received

    def data_received(self, data):
        received(self, data)
        quick_ack(self)

    StreamPacketSource.connection_made = connection_made
    StreamPacketSource.data_received = data_received


def patch_early_sdus():
    """Keeps SDUs that arrive before a channel has its sink; Bumble drops them."""
    init = l2cap.LeCreditBasedChannel.__init__

    def patched(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.early = []
        self.sink = self.early.append

    l2cap.LeCreditBasedChannel.__init__ = patched


def patch_closed_channels():
    """Removes both CIDs of a closed channel; Bumble keeps the peer's, and then refuses that CID."""

    def on_channel_closed(self, channel):
        handle = channel.connection.handle
        self.channels.get(handle, {}).pop(channel.source_cid, None)
        self.le_coc_channels.get(handle, {}).pop(channel.destination_cid, None)

    l2cap.ChannelManager.on_channel_closed = on_channel_closed


async def acl_drained(connection, below=1):
    """Waits until fewer than `below` ACL packets of this device await the controller."""
    while (queue := connection.data_packet_queue) is not None and queue.pending >= below:
        await asyncio.sleep(0.001)


class Pattern:
    """The seeded byte stream that both ends of a transfer can generate: a 32-bit linear congruential
    generator, of which each step yields its top byte."""

    def __init__(self, seed):
        self.state = seed & 0xFFFFFFFF

    def take(self, length):
        state = self.state
        out = bytearray(length)
        for i in range(length):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            out[i] = state >> 24
        self.state = state
        return bytes(out)


def numbered(number, length):
    """The value of the `number`-th notification, indication or command: its number (little-endian,
    4 bytes), then the pattern of that seed."""
    return struct.pack("<I", number) + Pattern(number).take(length - 4)


class Silence:
    """The longest time between two arrivals, in seconds."""

    def __init__(self):
        self.last = None
        self.longest = 0.0

    def arrived(self):
        now = time.monotonic()
        if self.last is not None:
            self.longest = max(self.longest, now - self.last)
        self.last = now


class Tally:
    """Counts and hashes bytes, and lets commands wait for a count."""

    def __init__(self):
        self.changed = asyncio.Condition()
        self.reset()

    def reset(self):
        self.count = 0
        self.octets = 0
        self.in_order = 0
        self.sha256 = hashlib.sha256()
        self.silence = Silence()

    def add(self, value):
        self.silence.arrived()
        if len(value) >= 4 and value == numbered(self.count, len(value)):
            self.in_order += 1
        self.count += 1
        self.octets += len(value)
        self.sha256.update(value)
        asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self):
        async with self.changed:
            self.changed.notify_all()

    async def wait(self, count, timeout):
        """Waits until `count` values were added; after `timeout` seconds reports the values so far."""

        async def reached():
            async with self.changed:
                await self.changed.wait_for(lambda: self.count >= count)

        try:
            await asyncio.wait_for(reached(), timeout)
        except asyncio.TimeoutError:
            pass
        return self.report()

    def report(self):
        return {
            "count": self.count,
            "octets": self.octets,
            "in_order": self.in_order,
            "sha256": self.sha256.hexdigest(),
            "silence": self.silence.longest,
        }


def uuid_text(uuid):
    """Four digits for a 16-bit UUID, the dashed form for a 128-bit one; lower case."""
    return uuid.to_hex_str("-").lower()


class Links:
    """The connections of a device, and the commands about them."""

    def start_links(self, device):
        self.device = device
        self.connections = {}
        self.lately = asyncio.Queue()
        self.ended = {}
        device.on("connection", self.on_connection)

    def on_connection(self, connection):
        self.connections[connection.handle] = connection
        ended = asyncio.get_running_loop().create_future()
        self.ended[connection.handle] = ended

        def on_disconnection(reason):
            self.connections.pop(connection.handle, None)
            if not ended.done():
                ended.set_result(reason)

        connection.on("disconnection", on_disconnection)
        self.lately.put_nowait(connection)

    def connection(self, handle):
        """The connection named by the command; without a name, the only one or the newest."""
        if handle is not None:
            return self.connections[handle]
        if not self.connections:
            raise RuntimeError("not connected")
        return list(self.connections.values())[-1]

    async def do_wait_connected(self, timeout=DEFAULT_TIMEOUT):
        connection = await asyncio.wait_for(self.lately.get(), timeout)
        return describe_connection(connection)

    async def do_wait_disconnected(self, connection=None, timeout=DEFAULT_TIMEOUT):
        handle = connection if connection is not None else list(self.ended)[-1]
        return {"reason": await asyncio.wait_for(asyncio.shield(self.ended[handle]), timeout)}

    async def do_disconnect(self, connection=None, reason=0x13):
        await self.connection(connection).disconnect(reason)
        return {}


class Peer(Links, Security):
    """A device on one controller, and the commands that both LE roles have."""

    def __init__(self, device, arguments):
        self.channels = {}
        self.channel_opened = asyncio.Condition()
        self.next_channel = 1
        self.servers = {}
        self.start_links(device)
        self.start_security(arguments.keys)

    # Connections

    async def do_mtu(self, connection=None):
        return {"mtu": self.connection(connection).att_mtu}

    async def do_update_parameters(
        self, interval_min, interval_max, latency=0, supervision=2000, connection=None
    ):
        """Requests new connection parameters: milliseconds, and events for the latency."""
        link = self.connection(connection)
        await link.update_parameters(interval_min, interval_max, latency, supervision)
        return describe_connection(link)

    # LE credit-based channels

    async def do_listen(
        self, psm, mtu=1017, mps=247, credits=16, mode="sink", count=0, length=0, seed=1
    ):
        """Serves a PSM. `echo` returns every SDU, `sink` counts and hashes, `source` sends `count`
        SDUs of `length` bytes from the pattern of `seed` as soon as the channel is open."""
        spec = l2cap.LeCreditBasedChannelSpec(psm=psm, mtu=mtu, mps=mps, max_credits=credits)

        def on_channel(channel):
            opened = self.adopt(channel, mode)
            if mode == "source":
                opened.run(opened.send(count, length, seed))

        server = self.device.create_l2cap_server(spec, handler=on_channel)
        self.servers[server.psm] = server
        return {"psm": server.psm}

    async def do_stop_listening(self, psm):
        self.servers.pop(psm).close()
        return {}

    async def do_open(self, psm, mtu=1017, mps=247, credits=16, mode="sink", connection=None):
        """Opens a channel to the peer's PSM."""
        spec = l2cap.LeCreditBasedChannelSpec(psm=psm, mtu=mtu, mps=mps, max_credits=credits)
        channel = await self.connection(connection).create_l2cap_channel(spec)
        return self.adopt(channel, mode).describe()

    async def do_wait_channel(self, psm, timeout=DEFAULT_TIMEOUT):
        """Waits for a channel of a served PSM that no earlier command has reported."""

        def fresh():
            for channel in self.channels.values():
                if not channel.reported and channel.channel.psm == psm:
                    return channel
            return None

        async with self.channel_opened:
            await asyncio.wait_for(self.channel_opened.wait_for(fresh), timeout)
        channel = fresh()
        channel.reported = True
        return channel.describe()

    async def do_send(self, channel, count, length, seed=1):
        """Sends `count` SDUs of `length` bytes; answers when the last frame is with the controller."""
        return await self.channels[channel].send(count, length, seed)

    async def do_sent(self, channel, timeout=DEFAULT_TIMEOUT):
        """Waits for the end of a `source`, or of echoes that still wait for credits."""
        return await asyncio.wait_for(self.channels[channel].finish(), timeout)

    async def do_received(self, channel, count=0, timeout=DEFAULT_TIMEOUT):
        """Waits until `count` SDUs arrived; reports their number, bytes and SHA-256."""
        return await self.channels[channel].tally.wait(count, timeout)

    async def do_close(self, channel):
        await self.channels[channel].channel.disconnect()
        return {}

    async def do_wait_closed(self, channel, timeout=DEFAULT_TIMEOUT):
        await asyncio.wait_for(self.channels[channel].closed.wait(), timeout)
        return {}

    def adopt(self, channel, mode):
        number, self.next_channel = self.next_channel, self.next_channel + 1
        opened = Channel(number, channel, mode)
        self.channels[number] = opened

        async def announce():
            async with self.channel_opened:
                self.channel_opened.notify_all()

        asyncio.get_running_loop().create_task(announce())
        return opened


class Channel:
    """An open LE credit-based channel."""

    def __init__(self, number, channel, mode):
        self.number = number
        self.channel = channel
        self.tally = Tally()
        self.outgoing = asyncio.Queue()
        self.reported = False
        self.closed = asyncio.Event()
        self.tasks = []
        self.sent = {"count": 0, "octets": 0, "sha256": hashlib.sha256().hexdigest()}
        early, channel.sink = channel.early, self.on_echo if mode == "echo" else self.tally.add
        for sdu in early:
            channel.sink(sdu)
        channel.on("close", self.closed.set)
        if mode == "echo":
            self.echo = asyncio.get_running_loop().create_task(self.echo_all())

    def describe(self):
        return {
            "channel": self.number,
            "mtu": self.channel.mtu,
            "mps": self.channel.mps,
            "peer_mtu": self.channel.peer_mtu,
            "peer_mps": self.channel.peer_mps,
            "connection": self.channel.connection.handle,
        }

    def on_echo(self, sdu):
        self.tally.add(sdu)
        self.outgoing.put_nowait(sdu)

    async def echo_all(self):
        while True:
            await self.write(await self.outgoing.get())
            self.outgoing.task_done()

    def run(self, coroutine):
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))

    async def finish(self):
        for task in self.tasks:
            await task
        await self.outgoing.join()
        return self.sent

    async def send(self, count, length, seed):
        pattern, sha256 = Pattern(seed), hashlib.sha256()
        for _ in range(count):
            sdu = pattern.take(length)
            sha256.update(sdu)
            await self.write(sdu)
        await acl_drained(self.channel.connection)
        self.sent = {"count": count, "octets": count * length, "sha256": sha256.hexdigest()}
        return self.sent

    async def write(self, sdu):
        """Writes one SDU and waits until it was sent: Bumble merges queued SDUs into one."""
        if self.closed.is_set():
            raise RuntimeError("the channel is closed")
        self.channel.write(sdu)
        while self.channel.out_sdu is not None or self.channel.out_queue:
            drained = asyncio.ensure_future(self.channel.drain())
            closed = asyncio.ensure_future(self.closed.wait())
            done, pending = await asyncio.wait(
                (drained, closed), return_when=asyncio.FIRST_COMPLETED
            )
            for task in pending:
                task.cancel()
            if closed in done:
                raise RuntimeError("the channel closed while an SDU was under way")
        await acl_drained(self.channel.connection, below=64)


def text(address):
    return str(address).split("/")[0]


def describe_connection(connection):
    return {
        "connection": connection.handle,
        "peer": text(connection.peer_address),
        "peer_type": "random" if connection.peer_address.is_random else "public",
        "interval": connection.parameters.connection_interval,
    }


async def serve(peer, ready):
    """Answers commands until stdin ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    def answer(message):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    async def run(command):
        number, verb = command.pop("id", None), command.pop("do")
        try:
            result = await getattr(peer, "do_" + verb)(**command)
            answer({"id": number, "ok": True, **result})
        except asyncio.TimeoutError:
            answer({"id": number, "ok": False, "error": f"{verb}: timed out"})
        except BaseException as error:  # a cancelled request of Bumble is also an answer
            traceback.print_exc()
            answer({"id": number, "ok": False, "error": f"{verb}: {type(error).__name__}: {error}"})

    answer({"ready": True, **ready})
    running = set()
    while line := await reader.readline():
        task = loop.create_task(run(json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


async def start(role, default_name, default_address, build, **settings):
    """Runs a peer until stdin ends; `settings` are of Bumble's `DeviceConfiguration`."""
    parser = argparse.ArgumentParser(description=role)
    parser.add_argument("--hci", required=True, help="Bumble transport, such as tcp-client:127.0.0.1:PORT")
    parser.add_argument("--name", default=default_name)
    parser.add_argument("--address", default=default_address, help="static random address")
    parser.add_argument("--keys", help="the file of the bonds' keys; without it, they end with the peer")
    arguments = parser.parse_args()
    patch_quick_ack()
    patch_early_sdus()
    patch_closed_channels()
    patch_pairing()
    transport = await open_transport(arguments.hci)
    async with transport:
        config = DeviceConfiguration(
            name=arguments.name, address=Address(arguments.address), **settings
        )
        device = Device.from_config_with_hci(config, transport.source, transport.sink)
        peer = build(device, arguments)
        await device.power_on()
        if prepare := getattr(peer, "prepare", None):
            await prepare()
        address = arguments.address
        if device.classic_enabled:  # the controller's own
            address = text(device.public_address)
        await serve(peer, {"role": role, "address": address, "name": arguments.name})
