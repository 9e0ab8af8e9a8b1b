"""SDP: the records of the BR/EDR peer, and searches for those of the other side."""

from bumble.core import UUID
from bumble.sdp import Client, DataElement, ServiceAttribute

SPP_CHANNEL = 3
BASIC_PSM = 0x1001
ENHANCED_PSM = 0x1003
OWN_SERVICE = "6f0e1001-5a4d-4c8b-9a5e-b1d2c3a4e5f6"
ALL_ATTRIBUTES = (0x0000, 0xFFFF)

sequence, text = DataElement.sequence, DataElement.text_string
u8, u16, u32 = (
    DataElement.unsigned_integer_8,
    DataElement.unsigned_integer_16,
    DataElement.unsigned_integer_32,
)


def uuid(value):
    return DataElement.uuid(UUID(value))


def protocols(psm=None, server_channel=None):
    l2cap = [uuid(0x0100)] + ([u16(psm)] if psm is not None else [])
    rfcomm = [sequence([uuid(0x0003), u8(server_channel)])] if server_channel is not None else []
    return sequence([sequence(l2cap), *rfcomm])


def record(handle, classes, protocol, names, **others):
    """A record with what all have: classes, protocols, browse group, language and three names."""
    attributes = {
        0x0000: u32(handle),
        0x0001: sequence([uuid(value) for value in classes]),
        0x0004: protocol,
        0x0005: sequence([uuid(0x1002)]),
        0x0006: sequence([u16(0x656E), u16(106), u16(0x0100)]),
        **{0x0100 + i: text(name.encode()) for i, name in enumerate(names)},
        **{int(name[1:], 16): value for name, value in others.items()},
    }
    return [ServiceAttribute(number, attributes[number]) for number in sorted(attributes)]


def standard_records():
    """A serial port, services on both PSMs, each type of data element, and a record of 5 KiB."""
    serial = record(
        0x10001,
        [0x1101],
        protocols(server_channel=SPP_CHANNEL),
        ["Serial port", "Echoes, counts or sends bytes", "bindrune"],
        x0009=sequence([sequence([uuid(0x1101), u16(0x0102)])]),
    )
    basic = record(
        0x10002,
        [OWN_SERVICE],
        protocols(psm=BASIC_PSM),
        ["Basic channel", "Datagrams on 0x1001: größer", "bindrune"],
        x0003=uuid("6f0e1002-5a4d-4c8b-9a5e-b1d2c3a4e5f6"),
        x0009=sequence([sequence([uuid(OWN_SERVICE), u16(0x0200)])]),
    )
    enhanced = record(
        0x10003,
        ["12345678", OWN_SERVICE, 0x1101],
        protocols(psm=ENHANCED_PSM),
        ["Enhanced channel", "", "bindrune"],
        x0002=u32(0x01020304),
        x0007=u32(600),
        x0008=u8(0xFF),
        x000a=DataElement.url("https://example.com/docs"),
        x0300=DataElement.nil(),
        x0301=DataElement.boolean(True),
        x0302=DataElement.boolean(False),
        x0303=DataElement.unsigned_integer(0x0102030405060708, 8),
        x0304=DataElement.signed_integer_8(-1),
        x0305=DataElement.signed_integer_16(-2),
        x0306=DataElement.signed_integer_32(-3),
        x0307=DataElement.signed_integer(-4, 8),
        x0308=DataElement.alternative([u8(1), sequence([]), sequence([sequence([u16(2)])])]),
    )
    long = record(
        0x10004,
        [0x1101, "12345679"],
        protocols(server_channel=SPP_CHANNEL + 1),
        ["Long record", "d" * 255, "p" * 256],
        **{f"x{0x0400 + i:04x}": text(bytes([0x61 + i]) * 500) for i in range(9)},
    )
    return {found[0].value.value: found for found in (serial, basic, enhanced, long)}


def canonical(attributes):
    """A record as an object: the digits of an attribute's ID, and those of its value's data element."""
    return {f"{one.id:04x}": bytes(one.value).hex() for one in attributes}


class Services:
    """The commands about SDP."""

    def start_services(self):
        self.device.sdp_service_records = standard_records()

    async def do_records(self):
        """The own records, in the order of their handles."""
        records = self.device.sdp_service_records
        return {"records": [canonical(records[handle]) for handle in sorted(records)]}

    async def do_add_record(self, attributes):
        """Serves one more record; `attributes` as `records` has them, with the handle."""
        found = [
            ServiceAttribute(int(number, 16), DataElement.from_bytes(bytes.fromhex(value)))
            for number, value in sorted(attributes.items())
        ]
        self.device.sdp_service_records[found[0].value.value] = found
        return {}

    async def do_remove_record(self, handle):
        del self.device.sdp_service_records[handle]
        return {}

    async def client(self, connection, mtu):
        client = Client(self.connection(connection), mtu)
        await client.connect()
        return client

    async def do_services(self, uuids=("0100",), attributes=(ALL_ATTRIBUTES,), mtu=0, connection=None):
        """Service Search Attribute: IDs, or ranges of two IDs. `mtu` is the client's."""
        client = await self.client(connection, mtu)
        try:
            found = await client.search_attributes(
                [UUID(value) for value in uuids], [wanted(one) for one in attributes]
            )
        finally:
            await client.disconnect()
        records = [canonical(one) for one in found]
        return {"records": sorted(records, key=lambda one: one.get("0000", ""))}

    async def do_search(self, uuids=("0100",), mtu=0, connection=None):
        """Service Search."""
        client = await self.client(connection, mtu)
        try:
            handles = await client.search_services([UUID(value) for value in uuids])
        finally:
            await client.disconnect()
        return {"handles": sorted(handles)}

    async def do_attributes(self, handle, attributes=(ALL_ATTRIBUTES,), mtu=0, connection=None):
        """Service Attribute."""
        client = await self.client(connection, mtu)
        try:
            found = await client.get_attributes(handle, [wanted(one) for one in attributes])
        finally:
            await client.disconnect()
        return {"record": canonical(found)}


def wanted(attribute):
    return tuple(attribute) if isinstance(attribute, (list, tuple)) else attribute
