"""Relays HCI between rootcanal and a host that takes link keys of zeros for an attack: rootcanal's are, and the host sees others."""

import asyncio
import socket
import struct
import time

ZEROS, KEY = bytes(16), b"rootcanal's zero"


class Capture:
    """The HCI traffic, as Bumble's BUMBLE_SNOOPER writes it; without a path, none."""

    def __init__(self, path=None):
        self.file = open(path, "wb", buffering=0) if path else None
        if self.file:
            self.file.write(b"btsnoop\0" + struct.pack(">II", 1, 1002))

    def add(self, packet, received):
        if self.file:
            flags = int(received) | (2 if packet[0] in (1, 4) else 0)
            at = int(time.time() * 1e6) + 0x00DCDDB30F2F8000
            head = struct.pack(">IIIIQ", len(packet), len(packet), flags, 0, at)
            self.file.write(head + packet)


def packets(buffer):
    """Takes the whole H4 packets from the start of a buffer."""
    while buffer:
        at, width = {1: (3, 1), 2: (3, 2), 3: (3, 1), 4: (2, 1)}[buffer[0]]
        if len(buffer) < at + width:
            return
        end = at + width + int.from_bytes(buffer[at : at + width], "little")
        if len(buffer) < end:
            return
        packet = bytes(buffer[:end])
        del buffer[:end]
        yield packet


class Side(asyncio.Protocol):
    """One side of the relay: passes packets to the other side, which may come later."""

    def __init__(self, capture, received):
        self.capture, self.received = capture, received
        self.buffer, self.early = bytearray(), bytearray()
        self.other = self.transport = None

    def connection_made(self, transport):
        self.transport = transport
        transport.write(bytes(self.early))
        self.quick_ack()

    def connection_lost(self, _error):
        if self.other.transport:
            self.other.transport.close()

    def quick_ack(self):
        stream = self.transport.get_extra_info("socket")
        if stream.family == socket.AF_INET:
            stream.setsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_QUICKACK", 12), 1)

    def data_received(self, data):
        self.quick_ack()
        self.buffer += data
        for packet in packets(self.buffer):
            self.capture.add(packet, self.received)
            self.other.pass_on(translated(packet))

    def pass_on(self, data):
        if self.transport is None:
            self.early += data
        else:
            self.transport.write(data)


def translated(packet):
    """Link Key Notification and Link Key Request Reply have the other key."""
    if packet[:2] == b"\x04\x18" and packet[9:25] == ZEROS:
        return packet[:9] + KEY + packet[25:]
    if packet[:3] == b"\x01\x0b\x04" and packet[10:26] == KEY:
        return packet[:10] + ZEROS
    return packet


async def reach(host, port, capture):
    """Connects to a controller, and returns the protocol for the connection of the host."""
    air, ours = Side(capture, True), Side(capture, False)
    air.other, ours.other = ours, air
    await asyncio.get_running_loop().create_connection(lambda: air, host, port)
    return ours


async def serve(host, port, opened):
    """Serves one controller for each connection, for ever; `opened` takes the number of the port."""
    loop = asyncio.get_running_loop()

    async def accept(listener):
        while True:
            stream, _ = await loop.sock_accept(listener)
            ours = await reach(host, port, Capture())
            await loop.connect_accepted_socket(lambda: ours, stream)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        opened(listener.getsockname()[1])
        await accept(listener)
