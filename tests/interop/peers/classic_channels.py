"""L2CAP channels and RFCOMM connections of the BR/EDR peer: each an echo, a sink or a source."""

import asyncio
import hashlib
import time

from bumble import l2cap, rfcomm

from classic_patches import ERTM, FAULTS
from common import DEFAULT_TIMEOUT, Pattern, Silence, acl_drained

# Packets, or frames, that may await the controller before a sender pauses.
PENDING_FRAMES = 32


class Volume:
    """Counts and hashes datagrams, and lets commands wait for them."""

    def __init__(self):
        self.changed = asyncio.Event()
        self.count = 0
        self.octets = 0
        self.sha256 = hashlib.sha256()
        self.silence = Silence()

    def add(self, data):
        self.silence.arrived()
        self.count += 1
        self.octets += len(data)
        self.sha256.update(data)
        self.changed.set()

    async def wait(self, count, octets, timeout):
        """Waits for datagrams and bytes; after `timeout` seconds reports those so far."""

        async def reached():
            while self.count < count or self.octets < octets:
                self.changed.clear()
                await self.changed.wait()

        try:
            await asyncio.wait_for(reached(), timeout)
        except asyncio.TimeoutError:
            pass
        return self.report()

    def report(self):
        return {
            "count": self.count,
            "octets": self.octets,
            "sha256": self.sha256.hexdigest(),
            "silence": self.silence.longest,
        }


class Stream:
    """What an L2CAP channel and an RFCOMM connection have in common."""

    def __init__(self, mode):
        self.mode = mode
        self.number = None
        self.reported = False
        self.received, self.written = Volume(), Volume()
        self.echoes = asyncio.Queue()
        self.closed = asyncio.Event()
        self.tasks = []
        if mode == "echo":
            self.run(self.echo())

    def run(self, coroutine):
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))

    def on_data(self, data):
        self.received.add(data)
        if self.mode == "echo":
            self.echoes.put_nowait(data)

    async def echo(self):
        while True:
            data = await self.echoes.get()
            await self.write(data)
            if self.echoes.empty():
                await self.drained()
            self.echoes.task_done()

    async def send(self, count, length, seed, seconds=None):
        """Sends datagrams from the pattern, until the controller has delivered the last. With `seconds`, begins
        none after that time."""
        pattern, sent = Pattern(seed), Volume()
        end = time.monotonic() + seconds if seconds is not None else float("inf")
        for _ in range(count):
            if time.monotonic() >= end:
                break
            data = pattern.take(length)
            sent.add(data)
            await self.write(data)
        await self.drained()
        return sent.report()

    async def write(self, data):
        if self.closed.is_set():
            raise RuntimeError("the channel is closed")
        self.written.add(data)
        self.put(data)
        await self.room()
        # Lets received packets in, even if there is always room.
        await asyncio.sleep(0)

    async def until(self, ready):
        while not ready():
            if self.closed.is_set():
                raise RuntimeError("the channel closed while data was under way")
            await asyncio.sleep(0.001)

    async def finish(self):
        """Waits for the end of a source, or until all echoes are sent."""
        if self.mode == "source":
            await asyncio.gather(*self.tasks)
        await self.echoes.join()
        return self.written.report()

    def end(self):
        self.closed.set()
        if self.mode == "echo":
            self.tasks[0].cancel()


class Channel(Stream):
    """An L2CAP channel in Basic or Enhanced Retransmission mode."""

    def __init__(self, channel, mode):
        super().__init__(mode)
        self.channel = channel
        early, channel.sink = channel.early, self.on_sdu
        for sdu in early:
            self.on_sdu(sdu)
        channel.on(channel.EVENT_CLOSE, self.end)

    def matches(self, psm, server_channel):
        return server_channel is None and self.channel.psm == psm

    def describe(self):
        channel = self.channel
        enhanced = channel.mode == ERTM
        return {
            "channel": self.number,
            "psm": channel.psm,
            "mtu": channel.mtu,
            "peer_mtu": channel.peer_mtu,
            "enhanced": enhanced,
            "fcs": channel.fcs_enabled,
            "peer_mps": channel.processor.peer_mps if enhanced else None,
            "peer_window": channel.processor.peer_tx_window_size if enhanced else None,
            "connection": channel.connection.handle,
        }

    def on_sdu(self, sdu):
        if len(sdu) > self.channel.mtu:
            FAULTS.append(f"{len(sdu)} bytes on a channel with an MTU of {self.channel.mtu}")
        self.on_data(sdu)

    def put(self, data):
        if len(data) > self.channel.peer_mtu:
            raise RuntimeError(f"{len(data)} bytes are more than the MTU {self.channel.peer_mtu}")
        self.channel.write(data)

    async def room(self):
        if self.channel.mode == ERTM:
            await self.until(lambda: len(self.channel.processor._pending_pdus) < PENDING_FRAMES)
        await acl_drained(self.channel.connection, below=PENDING_FRAMES)

    async def drained(self):
        if self.channel.mode == ERTM:
            frames = self.channel.processor
            await self.until(lambda: not frames._pending_pdus and not frames._tx_window)
        await acl_drained(self.channel.connection)

    async def close(self):
        await self.channel.disconnect()


class Serial(Stream):
    """An RFCOMM connection (DLC)."""

    def __init__(self, dlc, mode):
        super().__init__(mode)
        self.dlc = dlc
        self.link = dlc.multiplexer.l2cap_channel.connection
        dlc.sink = self.on_data
        dlc.on(dlc.EVENT_CLOSE, self.end)

    def matches(self, psm, server_channel):
        return psm is None and self.dlc.dlci >> 1 == server_channel

    def describe(self):
        return {
            "channel": self.number,
            "server_channel": self.dlc.dlci >> 1,
            "frame_size": self.dlc.rx_max_frame_size,
            "peer_frame_size": self.dlc.tx_max_frame_size,
            "connection": self.link.handle,
        }

    def put(self, data):
        self.dlc.write(data)

    async def room(self):
        await self.until(lambda: not self.dlc.tx_buffer)
        await acl_drained(self.link, below=PENDING_FRAMES)

    async def drained(self):
        await self.room()
        await acl_drained(self.link)

    async def close(self):
        await self.dlc.disconnect()


class Channels:
    """The commands about channels. An RFCOMM connection is also one."""

    def start_channels(self):
        self.channels = {}
        self.channel_opened = asyncio.Condition()
        self.servers = {}
        self.multiplexers = {}
        self.rfcomm_server = None
        self.rfcomm_modes = {}

    def adopt(self, stream):
        stream.number = len(self.channels) + 1
        self.channels[stream.number] = stream

        async def announce():
            async with self.channel_opened:
                self.channel_opened.notify_all()

        asyncio.get_running_loop().create_task(announce())
        return stream

    async def do_listen(self, psm, mode="sink", count=0, length=0, seed=1, **options):
        """Serves a PSM: `echo` returns each SDU, `sink` counts and hashes, `source` sends `count` SDUs of
        `length` bytes from the pattern of `seed` as soon as the channel is open."""

        def on_channel(channel):
            served = Channel(channel, mode)

            def on_open():
                self.adopt(served)
                if mode == "source":
                    served.run(served.send(count, length, seed))

            channel.on(channel.EVENT_OPEN, on_open)

        spec = channel_spec(psm, **options)
        self.servers[psm] = self.device.create_l2cap_server(spec, handler=on_channel)
        return {"psm": psm}

    async def do_stop_listening(self, psm):
        self.servers.pop(psm).close()
        return {}

    async def do_open(self, psm, mode="sink", connection=None, timeout=20.0, **options):
        """Opens a channel to a PSM of the other side."""
        link = self.connection(connection)
        opening = link.create_l2cap_channel(channel_spec(psm, **options))
        channel = Channel(await asyncio.wait_for(opening, timeout), mode)
        channel.reported = True
        return self.adopt(channel).describe()

    async def do_rfcomm_listen(
        self,
        server_channel,
        mode="sink",
        count=0,
        length=0,
        seed=1,
        frame_size=1000,
        credits=7,
        mtu=2048,
    ):
        """Serves an RFCOMM server channel; `mtu` is of L2CAP, and the first command sets it."""
        if self.rfcomm_server is None:
            self.rfcomm_server = rfcomm.Server(self.device, mtu)

        def on_dlc(dlc):
            served = self.adopt(Serial(dlc, mode))
            if mode == "source":
                served.run(served.send(count, length, seed))

        number = self.rfcomm_server.listen(on_dlc, server_channel, frame_size, credits)
        if number != server_channel:
            raise RuntimeError("the server channel is in use")
        return {"server_channel": number}

    async def do_rfcomm_stop_listening(self, server_channel):
        self.rfcomm_server.acceptors.pop(server_channel)
        self.rfcomm_server.dlc_configs.pop(server_channel)
        return {}

    async def do_rfcomm_open(
        self,
        server_channel,
        mode="sink",
        frame_size=1000,
        credits=7,
        mtu=2048,
        connection=None,
        timeout=20.0,
    ):
        """Opens a connection to a server channel, and first the multiplexer of the link."""
        link = self.connection(connection)

        async def connected():
            if link.handle not in self.multiplexers:
                client = rfcomm.Client(link, mtu)
                await client.start()
                self.multiplexers[link.handle] = client
                client.l2cap_channel.on("close", lambda: self.multiplexers.pop(link.handle, None))
            multiplexer = self.multiplexers[link.handle].multiplexer
            return await multiplexer.open_dlc(server_channel, frame_size, credits)

        stream = Serial(await asyncio.wait_for(connected(), timeout), mode)
        stream.reported = True
        return self.adopt(stream).describe()

    async def do_rfcomm_shutdown(self, connection=None):
        """Closes the multiplexer that `rfcomm_open` opened, and its L2CAP channel."""
        client = self.multiplexers[self.connection(connection).handle]
        await client.shutdown()
        return {}

    async def do_wait_channel(self, psm=None, server_channel=None, timeout=DEFAULT_TIMEOUT):
        """Waits for a served channel that no earlier command has reported."""

        def fresh():
            for stream in self.channels.values():
                if not stream.reported and stream.matches(psm, server_channel):
                    return stream
            return None

        async with self.channel_opened:
            await asyncio.wait_for(self.channel_opened.wait_for(fresh), timeout)
        stream = fresh()
        stream.reported = True
        return stream.describe()

    async def do_send(self, channel, count, length, seed=1, seconds=None):
        return await self.channels[channel].send(count, length, seed, seconds)

    async def do_sent(self, channel, timeout=DEFAULT_TIMEOUT):
        return await asyncio.wait_for(self.channels[channel].finish(), timeout)

    async def do_received(self, channel, count=0, octets=0, timeout=DEFAULT_TIMEOUT):
        return await self.channels[channel].received.wait(count, octets, timeout)

    async def do_lose(self, channel, frames=1):
        """Does not send the next I-frames of a channel in Enhanced Retransmission mode, as if they were lost."""
        self.channels[channel].channel.processor.to_lose = frames
        return {}

    async def do_close(self, channel):
        await self.channels[channel].close()
        return {}

    async def do_wait_closed(self, channel, timeout=DEFAULT_TIMEOUT):
        await asyncio.wait_for(self.channels[channel].closed.wait(), timeout)
        return {}


def channel_spec(psm, mtu=672, enhanced=False, fcs=True, mps=1010, window=63, max_transmit=1):
    """`fcs`, `mps`, `window` and `max_transmit` are of Enhanced Retransmission mode."""
    return l2cap.ClassicChannelSpec(
        psm=psm,
        mtu=mtu,
        mps=mps,
        tx_window_size=window,
        max_retransmission=max_transmit,
        mode=ERTM if enhanced else l2cap.TransmissionMode.BASIC,
        fcs_enabled=enhanced and fcs,
    )
