"""A Bumble peripheral: advertises, serves a GATT database, and serves LE channels.

See common.py for the form of commands, and database() for what it serves.
"""

import asyncio
import struct

from bumble import att, gatt
from bumble.core import UUID, AdvertisingData
from bumble.device import AdvertisingEventProperties, AdvertisingParameters, AdvertisingType

from common import Peer, Tally, acl_drained, numbered, start, uuid_text

BASE = "6f0e{:04x}-5a4d-4c8b-9a5e-b1d2c3a4e5f6"
MAIN_SERVICE = UUID(BASE.format(0x0100))
VALUE_4 = UUID(BASE.format(0x0101))
LONG_VALUE = UUID(BASE.format(0x0102))
SINK = UUID(BASE.format(0x0103))
NOTIFY = UUID(BASE.format(0x0104))
INDICATE = UUID(BASE.format(0x0105))
REFUSED = UUID(BASE.format(0x0106))
VAULT = UUID(BASE.format(0x0001))
ENCRYPTED = UUID(BASE.format(0x0002))
AUTHENTICATED = UUID(BASE.format(0x0003))

Properties = gatt.Characteristic.Properties
READABLE = att.Attribute.READABLE
WRITEABLE = att.Attribute.WRITEABLE
NEEDS_ENCRYPTION = att.Attribute.READ_REQUIRES_ENCRYPTION
NEEDS_AUTHENTICATION = (
    att.Attribute.READ_REQUIRES_AUTHENTICATION | att.Attribute.WRITE_REQUIRES_AUTHENTICATION
)


class Peripheral(Peer):
    def __init__(self, device, arguments):
        super().__init__(device, arguments)
        self.arguments = arguments
        self.sink = Tally()
        self.values = {"value_4": b"\x01\x02\x03\x04", "long": bytes(i % 251 for i in range(512))}
        self.values |= {"encrypted": b"\x11" * 4, "authenticated": b"\x22" * 4}
        self.advertising = None
        self.subscribed = asyncio.Condition()
        self.build_database()

    # The database

    def build_database(self):
        def stored(name, most):
            def write(_connection, value):
                if len(value) > most:
                    raise att.ATT_Error(att.ATT_INVALID_ATTRIBUTE_LENGTH_ERROR)
                self.values[name] = bytes(value)

            return gatt.CharacteristicValue(read=lambda _: self.values[name], write=write)

        def refuse(*_):
            raise att.ATT_Error(att.ErrorCode(0x80))

        def characteristic(uuid, properties, permissions, value, descriptors=()):
            return gatt.Characteristic(uuid, properties, permissions, value, descriptors)

        both = READABLE | WRITEABLE
        battery = gatt.Service(
            UUID("180f"),
            [characteristic(UUID("2a19"), Properties.READ | Properties.NOTIFY, READABLE, b"\x64")],
        )
        description = gatt.Descriptor(UUID("2901"), READABLE, b"four octets")
        presentation = gatt.Descriptor(UUID("2904"), READABLE, bytes.fromhex("04000027010000"))
        self.notify = characteristic(NOTIFY, Properties.NOTIFY, READABLE, b"")
        self.indicate = characteristic(INDICATE, Properties.INDICATE, READABLE, b"")
        main = gatt.Service(
            MAIN_SERVICE,
            [
                characteristic(
                    VALUE_4,
                    Properties.READ | Properties.WRITE,
                    both,
                    stored("value_4", 4),
                    [description, presentation],
                ),
                characteristic(
                    LONG_VALUE, Properties.READ | Properties.WRITE, both, stored("long", 512)
                ),
                characteristic(
                    SINK,
                    Properties.WRITE_WITHOUT_RESPONSE,
                    WRITEABLE,
                    gatt.CharacteristicValue(write=lambda _, value: self.sink.add(bytes(value))),
                ),
                self.notify,
                self.indicate,
                characteristic(
                    REFUSED,
                    Properties.READ | Properties.WRITE,
                    both,
                    gatt.CharacteristicValue(read=refuse, write=refuse),
                ),
            ],
            included_services=[battery],
        )
        information = gatt.Service(
            UUID("180a"),
            [
                characteristic(UUID("2a29"), Properties.READ, READABLE, b"Bumble"),
                characteristic(UUID("2a24"), Properties.READ, READABLE, b"peer"),
            ],
        )
        vault = gatt.Service(
            VAULT,
            [
                characteristic(
                    ENCRYPTED,
                    Properties.READ,
                    READABLE | NEEDS_ENCRYPTION,
                    stored("encrypted", 4),
                ),
                characteristic(
                    AUTHENTICATED,
                    Properties.READ | Properties.WRITE,
                    both | NEEDS_AUTHENTICATION,
                    stored("authenticated", 4),
                ),
            ],
        )
        for service in (battery, information, main, vault):
            self.device.add_service(service)
        for name, source in (("notify", self.notify), ("indicate", self.indicate)):
            source.on("subscription", lambda *_: asyncio.create_task(self.on_subscription()))

    async def on_subscription(self):
        async with self.subscribed:
            self.subscribed.notify_all()

    async def do_database(self):
        """What a full discovery must find, in the form of the central's `discover`."""
        attributes = self.device.gatt_server.attributes
        return {"services": [describe_service(s, attributes) for s in in_order(attributes)]}

    async def do_value(self, name):
        return {"value": self.values[name].hex()}

    async def do_set_value(self, name, value):
        self.values[name] = bytes.fromhex(value)
        return {}

    async def do_sink(self, count=0, timeout=60.0):
        """Waits until `count` writes without response arrived; reports count, bytes and SHA-256."""
        return await self.sink.wait(count, timeout)

    async def do_reset_sink(self):
        self.sink.reset()
        return {}

    # Advertising

    async def do_advertise(
        self,
        services=(),
        manufacturer=None,
        extended=False,
        interval=20.0,
        connectable=True,
        name=None,
    ):
        """Legacy advertising puts the name in the scan response; extended has all in one packet.
        `manufacturer` is {"company": 0x1234, "data": "hex"}; the interval is in milliseconds."""
        self.advertising = {
            "services": services,
            "manufacturer": manufacturer,
            "extended": extended,
            "interval": interval,
            "connectable": connectable,
            "name": name,
        }
        Type = AdvertisingData.Type
        flags = (Type.FLAGS, b"\x06")
        name_field = (Type.COMPLETE_LOCAL_NAME, (name or self.arguments.name).encode())
        fields = [flags] + service_fields(services)
        if manufacturer is not None:
            company = struct.pack("<H", manufacturer["company"])
            data = company + bytes.fromhex(manufacturer["data"])
            fields.append((Type.MANUFACTURER_SPECIFIC_DATA, data))
        if extended:
            self.extended_set = await self.device.create_advertising_set(
                advertising_parameters=AdvertisingParameters(
                    advertising_event_properties=AdvertisingEventProperties(
                        is_connectable=connectable
                    ),
                    primary_advertising_interval_min=interval,
                    primary_advertising_interval_max=interval,
                ),
                random_address=self.device.random_address,
                advertising_data=bytes(AdvertisingData(fields + [name_field])),
            )
        else:
            await self.device.start_advertising(
                advertising_type=(
                    AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE
                    if connectable
                    else AdvertisingType.UNDIRECTED_SCANNABLE
                ),
                advertising_data=bytes(AdvertisingData(fields)),
                scan_response_data=bytes(AdvertisingData([name_field])),
                advertising_interval_min=interval,
                advertising_interval_max=interval,
            )
        return {}

    async def pause_advertising(self):
        extended_set = getattr(self, "extended_set", None)
        active = self.device.is_advertising or (extended_set is not None and extended_set.enabled)
        if active:
            await self.do_stop_advertising()
        return self.advertising if active else None

    async def do_stop_advertising(self):
        if (extended_set := getattr(self, "extended_set", None)) is not None:
            self.extended_set = None
            if extended_set.enabled:
                await extended_set.stop()
            await extended_set.remove()
        await self.device.stop_advertising()
        return {}

    # Notifications and indications

    async def do_wait_subscribed(self, source="notify", connection=None, timeout=60.0):
        """`source` is `notify` or `indicate`."""
        link = self.connection(connection)
        handle = getattr(self, source).handle

        def enabled():
            value = self.device.gatt_server.subscribers.get(link, {}).get(handle, b"\0\0")
            return value != b"\0\0"

        async with self.subscribed:
            await asyncio.wait_for(self.subscribed.wait_for(enabled), timeout)
        return {}

    async def do_notify(self, count, length, connection=None):
        """Sends numbered notifications, each of `length` bytes."""
        link = self.connection(connection)
        for number in range(count):
            await self.device.notify_subscriber(link, self.notify, numbered(number, length))
            await acl_drained(link, below=64)
        await acl_drained(link)
        return {"count": count}

    async def do_indicate(self, count, length, connection=None):
        """Sends numbered indications, each after the confirmation of the previous one."""
        link = self.connection(connection)
        for number in range(count):
            await self.device.indicate_subscriber(link, self.indicate, numbered(number, length))
        return {"count": count}


def service_fields(services):
    Type = AdvertisingData.Type
    short = b"".join(bytes(UUID(s)) for s in services if len(s) == 4)
    long = b"".join(bytes(UUID(s)) for s in services if len(s) == 36)
    fields = []
    if short:
        fields.append((Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, short))
    if long:
        fields.append((Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, long))
    return fields


def in_order(attributes):
    return [a for a in attributes if isinstance(a, gatt.Service) and a.primary]


def describe_service(service, attributes):
    inside = [a for a in attributes if service.handle < a.handle <= service.end_group_handle]
    includes, characteristics = [], []
    for attribute in inside:
        if isinstance(attribute, gatt.IncludedServiceDeclaration):
            included = attribute.service
            includes.append(
                {
                    "declaration": attribute.handle,
                    "handle": included.handle,
                    "end": included.end_group_handle,
                    "uuid": uuid_text(included.uuid),
                }
            )
        elif isinstance(attribute, gatt.CharacteristicDeclaration):
            characteristics.append(
                {
                    "handle": attribute.value_handle,
                    "uuid": uuid_text(attribute.characteristic.uuid),
                    "properties": int(attribute.characteristic.properties),
                    "descriptors": [],
                }
            )
        elif characteristics and attribute.handle > characteristics[-1]["handle"]:
            descriptor = {"handle": attribute.handle, "uuid": uuid_text(attribute.type)}
            characteristics[-1]["descriptors"].append(descriptor)
    return {
        "handle": service.handle,
        "end": service.end_group_handle,
        "uuid": uuid_text(service.uuid),
        "includes": includes,
        "characteristics": characteristics,
    }


if __name__ == "__main__":
    asyncio.run(start("peripheral", "Bumble peripheral", "F0:F1:F2:F3:F4:01", Peripheral))
