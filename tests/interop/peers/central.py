"""A Bumble central: scans, connects, discovers and uses a GATT database, and opens LE channels.

See common.py for the form of commands.
"""

import asyncio
import struct

from bumble import att
from bumble.core import UUID, AdvertisingData
from bumble.device import ConnectionParametersPreferences
from bumble.gatt import GATT_INCLUDE_ATTRIBUTE_TYPE
from bumble.hci import Address, Phy

from common import Peer, Tally, acl_drained, describe_connection, numbered, start, text, uuid_text

# Beacons that the virtual controller may add on its own.
FOREIGN = {"BE:AC:01:55:00:01", "BE:AC:01:55:00:02"}


class Central(Peer):
    def __init__(self, device, arguments):
        super().__init__(device, arguments)
        self.tallies = {}
        self.services = {}

    # Scanning and connecting

    async def do_scan(self, seconds=2.0, active=True, legacy=False, address=None, name=None):
        """Everything seen, merged by address. With `address`, ends as soon as its name is known; with
        `name`, as soon as a device has it."""
        seen, found = {}, asyncio.Event()

        def on_report(report):
            entry = seen.setdefault(text(report.address), empty_sighting(report))
            merge(entry, report)
            if entry["name"] is not None and (entry["address"] == address or entry["name"] == name):
                found.set()

        self.device.on("advertisement", on_report)
        await self.device.start_scanning(legacy=legacy, active=active)
        try:
            await asyncio.wait_for(found.wait(), seconds)
        except asyncio.TimeoutError:
            pass
        await self.device.stop_scanning(legacy=legacy)
        self.device.remove_listener("advertisement", on_report)
        return {"devices": [e for e in seen.values() if e["address"] not in FOREIGN]}

    async def do_connect(
        self, address, address_type="random", mtu=None, interval=15.0, timeout=20.0
    ):
        """Connects; with `mtu`, exchanges the ATT MTU at once. The interval is in milliseconds."""
        peer = address + ("/P" if address_type == "public" else "")
        preferences = ConnectionParametersPreferences(
            connection_interval_min=interval, connection_interval_max=interval
        )
        # Bumble's own time limit does not apply to its search for a bonded peer with a private address.
        connection = await asyncio.wait_for(
            self.device.connect(
                Address(peer),
                connection_parameters_preferences={Phy.LE_1M: preferences},
                timeout=timeout,
            ),
            timeout * 2,
        )
        result = describe_connection(connection)
        if mtu is not None:
            result["mtu"] = await connection.gatt_client.request_mtu(mtu)
        return result

    async def do_exchange_mtu(self, mtu, connection=None):
        return {"mtu": await self.client(connection).request_mtu(mtu)}

    def client(self, connection=None):
        return self.connection(connection).gatt_client

    # Discovery

    async def do_discover(self, connection=None):
        """The whole database: services, includes, characteristics and descriptors."""
        client = self.client(connection)
        services = []
        for service in await client.discover_services():
            await client.discover_characteristics([], service)
            for characteristic in service.characteristics:
                await client.discover_descriptors(characteristic)
            includes = await discover_includes(client, service)
            services.append(describe_service(service, includes))
        self.services[self.connection(connection).handle] = client.services
        return {"services": services}

    async def do_discover_by_uuid(self, uuid, connection=None):
        """The primary services of one UUID, by Find By Type Value."""
        found = await self.client(connection).discover_service(UUID(uuid))
        return {"services": [{"handle": s.handle, "end": s.end_group_handle} for s in found]}

    def find(self, characteristic, connection):
        """A characteristic, by its value handle or its UUID; `discover` comes first."""
        for service in self.services.get(self.connection(connection).handle, []):
            for candidate in service.characteristics:
                if characteristic in (candidate.handle, uuid_text(candidate.uuid)):
                    return candidate
        raise RuntimeError(f"no characteristic {characteristic} among those discovered")

    def handle(self, attribute, connection):
        """An attribute's handle, from itself or from a characteristic's UUID."""
        if isinstance(attribute, int):
            return attribute
        return self.find(attribute, connection).handle

    # Reading and writing. An attribute is named by its handle or its characteristic's UUID.

    async def do_read(self, attribute, long=True, connection=None):
        """Reads; continues with Read Blob while responses are full, unless `long` is false."""
        handle = self.handle(attribute, connection)
        value = await self.client(connection).read_value(handle, no_long_read=not long)
        return {"value": value.hex()}

    async def do_read_by_uuid(self, uuid, connection=None):
        values = await self.client(connection).read_characteristics_by_uuid(UUID(uuid), None)
        return {"values": [value.hex() for value in values]}

    async def do_write(self, attribute, value, connection=None):
        """Writes; uses Prepare and Execute Write if the value does not fit one Write Request."""
        handle = self.handle(attribute, connection)
        await self.client(connection).write_value(handle, bytes.fromhex(value), True)
        return {}

    async def do_write_long(self, attribute, value, connection=None):
        """Writes with Prepare and Execute Write, for every length."""
        handle = self.handle(attribute, connection)
        await self.client(connection).write_long_value(handle, bytes.fromhex(value))
        return {}

    async def do_write_commands(self, attribute, count, length, connection=None):
        """Sends numbered writes without response, each of `length` bytes."""
        link, handle = self.connection(connection), self.handle(attribute, connection)
        tally = Tally()
        for number in range(count):
            value = numbered(number, length)
            tally.add(value)
            await link.gatt_client.write_value(handle, value, False)
            await acl_drained(link, below=64)
        await acl_drained(link)
        return tally.report()

    # Notifications and indications

    async def do_subscribe(self, characteristic, indications=False, connection=None):
        found = self.find(characteristic, connection)
        tally = self.tallies[found.handle] = Tally()
        await found.subscribe(lambda value: tally.add(bytes(value)), not indications)
        return {"handle": found.handle}

    async def do_unsubscribe(self, characteristic, connection=None):
        found = self.find(characteristic, connection)
        await found.unsubscribe(force=True)
        return {}

    async def do_updates(self, characteristic, count=0, timeout=60.0, connection=None):
        """Waits for `count` updates since `subscribe`; reports count, bytes, SHA-256, and how
        many had the expected number and pattern."""
        found = self.find(characteristic, connection)
        return await self.tallies[found.handle].wait(count, timeout)


def empty_sighting(report):
    return {
        "address": text(report.address),
        "address_type": "random" if report.address.is_random else "public",
        "name": None,
        "services": [],
        "manufacturer": [],
        "connectable": False,
        "legacy": report.is_legacy,
        "reports": 0,
    }


def merge(entry, report):
    Type = AdvertisingData.Type
    entry["reports"] += 1
    entry["connectable"] |= report.is_connectable
    for kind, data in report.data.ad_structures:
        if kind == Type.COMPLETE_LOCAL_NAME:
            entry["name"] = data.decode()
        elif kind in (
            Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
            Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        ):
            add(entry["services"], split_uuids(data, 2))
        elif kind in (
            Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
            Type.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        ):
            add(entry["services"], split_uuids(data, 16))
        elif kind == Type.MANUFACTURER_SPECIFIC_DATA:
            company = struct.unpack_from("<H", data)[0]
            add(entry["manufacturer"], [{"company": company, "data": data[2:].hex()}])


def split_uuids(data, width):
    return [uuid_text(UUID.from_bytes(data[i : i + width])) for i in range(0, len(data), width)]


def add(known, found):
    known.extend(item for item in found if item not in known)


async def discover_includes(client, service):
    """Bumble's own procedure expects the UUID in the declaration, where a 128-bit one never is."""
    includes, first = [], service.handle
    while first <= service.end_group_handle:
        response = await client.send_request(
            att.ATT_Read_By_Type_Request(
                starting_handle=first,
                ending_handle=service.end_group_handle,
                attribute_type=GATT_INCLUDE_ATTRIBUTE_TYPE,
            )
        )
        if response.op_code == att.Opcode.ATT_ERROR_RESPONSE:
            if response.error_code == att.ATT_ATTRIBUTE_NOT_FOUND_ERROR:
                break
            raise att.ATT_Error(error_code=response.error_code, message=response)
        for declaration, value in response.attributes:
            start_handle, end = struct.unpack_from("<HH", value)
            short = value[4:] or await client.read_value(start_handle)
            includes.append(
                {
                    "declaration": declaration,
                    "handle": start_handle,
                    "end": end,
                    "uuid": uuid_text(UUID.from_bytes(bytes(short))),
                }
            )
            first = declaration + 1
    return includes


def describe_service(service, includes):
    return {
        "handle": service.handle,
        "end": service.end_group_handle,
        "uuid": uuid_text(service.uuid),
        "includes": includes,
        "characteristics": [
            {
                "handle": characteristic.handle,
                "uuid": uuid_text(characteristic.uuid),
                "properties": int(characteristic.properties),
                "descriptors": [
                    {"handle": d.handle, "uuid": uuid_text(d.type)}
                    for d in characteristic.descriptors
                ],
            }
            for characteristic in service.characteristics
        ],
    }


if __name__ == "__main__":
    asyncio.run(start("central", "Bumble central", "F0:F1:F2:F3:F4:02", Central))
