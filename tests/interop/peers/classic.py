"""A Bumble host on BR/EDR: found and called, or searching and calling; pairing, SDP, L2CAP and RFCOMM.

See common.py for the form of commands.
"""

import asyncio

from bumble import hci
from bumble.core import UUID, AdvertisingData, PhysicalTransport
from bumble.hci import Address

from classic_channels import Channels
from classic_patches import FAULTS, patch_classic
from classic_security import LinkSecurity
from classic_services import Services
from common import DEFAULT_TIMEOUT, Links, start, text, uuid_text

GENERAL, LIMITED = hci.HCI_GENERAL_INQUIRY_LAP, 0x9E8B00
# Seconds in one unit of an inquiry's length. [Vol 4] Part E, 7.1.1
UNIT = 1.28
Type = AdvertisingData.Type
UUID_LISTS = {
    Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    Type.INCOMPLETE_LIST_OF_32_BIT_SERVICE_CLASS_UUIDS: 4,
    Type.COMPLETE_LIST_OF_32_BIT_SERVICE_CLASS_UUIDS: 4,
    Type.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
    Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
}
WHOLE_LIST = {
    2: Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    4: Type.COMPLETE_LIST_OF_32_BIT_SERVICE_CLASS_UUIDS,
    16: Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
}


class Classic(Links, Channels, LinkSecurity, Services):
    def __init__(self, device, arguments):
        self.start_links(device)
        self.start_channels()
        self.start_security(arguments.keys)
        self.start_services()

    async def prepare(self):
        """Allows role switches and sniff mode on each link; the controller's default refuses both."""
        await self.device.send_sync_command(
            hci.HCI_Write_Default_Link_Policy_Settings_Command(default_link_policy_settings=0x0005)
        )

    async def do_faults(self):
        """What the other side did against the specification."""
        return {"faults": FAULTS}

    # Being found and called

    async def do_discoverable(
        self, enabled=True, connectable=True, name=None, class_of_device=0x200404, services=(), limited=False
    ):
        """Answers inquiries and pages. Its EIR data has the name, the TX power and the UUIDs."""
        device = self.device
        device.name = name if name is not None else device.name
        data = [(Type.COMPLETE_LOCAL_NAME, device.name.encode()), (Type.TX_POWER_LEVEL, b"\x04")]
        for width, kind in WHOLE_LIST.items():
            known = [UUID(one).to_bytes() for one in services]
            if ours := b"".join(one for one in known if len(one) == width):
                data.append((kind, ours))
        device.inquiry_response = bytes(AdvertisingData(data))
        if len(device.inquiry_response) > 240:
            raise RuntimeError("too much EIR data")
        for command in (
            hci.HCI_Write_Local_Name_Command(local_name=device.name.encode()),
            hci.HCI_Write_Class_Of_Device_Command(class_of_device=class_of_device),
            write_current_iac_lap([LIMITED, GENERAL] if limited else [GENERAL]),
        ):
            await device.send_sync_command_raw(command)
        await device.set_connectable(connectable)
        await device.set_discoverable(enabled)
        return {}

    async def do_accept(self, enabled=True):
        """Accepts connections from now on, or refuses them with 0x0D."""
        self.device.classic_accept_any = enabled
        return {}

    # Searching and calling

    async def do_inquire(self, seconds=5.12, limited=False, address=None):
        """Everything found, merged by address; with `address`, ends once its EIR data was received."""
        device, found, over = self.device, {}, asyncio.Event()

        def on_result(peer, class_of_device, data, rssi):
            entry = found.setdefault(text(peer), empty(text(peer)))
            entry.update(class_of_device=class_of_device, rssi=rssi)
            entry["responses"] += 1
            merge(entry, data)
            if entry["address"] == address and entry["eir"]:
                over.set()

        device.on(device.EVENT_INQUIRY_RESULT, on_result)
        device.on(device.EVENT_INQUIRY_COMPLETE, over.set)
        device.auto_restart_inquiry = False
        await device.send_sync_command(hci.HCI_Write_Inquiry_Mode_Command(inquiry_mode=2))
        await device.send_async_command(
            hci.HCI_Inquiry_Command(
                lap=LIMITED if limited else GENERAL,
                inquiry_length=max(1, round(seconds / UNIT)),
                num_responses=0,
            )
        )
        device.discovering = True
        await asyncio.wait_for(over.wait(), seconds + 10)
        if device.discovering:
            await device.stop_discovery()
        device.remove_listener(device.EVENT_INQUIRY_RESULT, on_result)
        device.remove_listener(device.EVENT_INQUIRY_COMPLETE, over.set)
        return {"devices": list(found.values())}

    async def do_remote_name(self, address, timeout=20.0):
        """Works with and without a connection."""
        name = self.device.request_remote_name(public(address))
        return {"name": await asyncio.wait_for(name, timeout)}

    async def do_connect(self, address, timeout=20.0):
        connection = await self.device.connect(
            public(address), transport=PhysicalTransport.BR_EDR, timeout=timeout
        )
        return describe(connection)

    async def do_wait_connected(self, timeout=DEFAULT_TIMEOUT):
        return describe(await asyncio.wait_for(self.lately.get(), timeout))

    async def do_switch_role(self, role, connection=None):
        """Becomes the `central` or the `peripheral`."""
        link = self.connection(connection)
        wanted = hci.Role.CENTRAL if role == "central" else hci.Role.PERIPHERAL
        await self.device.switch_role(link, wanted)
        return describe(link)


def write_current_iac_lap(laps):
    """A command that Bumble does not have."""
    parameters = bytes([len(laps)]) + b"".join(lap.to_bytes(3, "little") for lap in laps)
    command = hci.HCI_Command(parameters=parameters, op_code=0x0C3A)
    command.name = "HCI_WRITE_CURRENT_IAC_LAP_COMMAND"
    return command


def public(address):
    return Address(address, Address.PUBLIC_DEVICE_ADDRESS)


def describe(connection):
    return {
        "connection": connection.handle,
        "peer": text(connection.peer_address),
        "role": "central" if connection.role == hci.Role.CENTRAL else "peripheral",
    }


def empty(address):
    return {
        "address": address,
        "class_of_device": 0,
        "rssi": 0,
        "name": None,
        "tx_power": None,
        "services": [],
        "eir": [],
        "responses": 0,
    }


def merge(entry, data):
    for kind, value in data.ad_structures:
        field = [int(kind), value.hex()]
        if field in entry["eir"]:
            continue
        entry["eir"].append(field)
        if kind in (Type.COMPLETE_LOCAL_NAME, Type.SHORTENED_LOCAL_NAME):
            entry["name"] = value.decode(errors="replace")
        elif kind == Type.TX_POWER_LEVEL:
            entry["tx_power"] = int.from_bytes(value, "little", signed=True)
        elif width := UUID_LISTS.get(kind):
            for i in range(0, len(value) - width + 1, width):
                entry["services"].append(uuid_text(UUID.from_bytes(value[i : i + width])))


if __name__ == "__main__":
    patch_classic()
    settings = {
        "le_enabled": False,
        "classic_enabled": True,
        "discoverable": False,
        "connectable": False,
    }
    asyncio.run(start("classic", "Bumble BR/EDR", "F0:F1:F2:F3:F4:03", Classic, **settings))
