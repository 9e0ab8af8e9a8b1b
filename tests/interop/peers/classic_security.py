"""Pairing, encryption and link keys of the BR/EDR peer.

A test plays the person in front of the peer, as for security.py.
"""

import asyncio

from bumble import hci
from bumble.keys import PairingKeys
from bumble.pairing import PairingConfig

from common import DEFAULT_TIMEOUT
from security import QUESTIONS, KeyFile, Person, Security

KEY_TYPES = {
    0: "combination",
    3: "debug",
    4: "unauthenticated-p192",
    5: "authenticated-p192",
    7: "unauthenticated-p256",
    8: "authenticated-p256",
}
AUTHENTICATED = (5, 8)
ENCRYPTION = {0: "off", 1: "e0", 2: "aes-ccm"}
# The kinds of key of out-of-band data, in the order of the wire.
CURVES = ("p192", "p256")
DEFAULTS = {
    "io": "no-input-no-output",
    "mitm": False,
    "bonding": True,
    "ask": QUESTIONS,
    "pin": None,
    "oob": None,
    "simple_pairing": True,
    "secure_connections": True,
}


class Buttons(Person):
    """A person that also types a PIN, and remembers how it paired."""

    def __init__(self, peer, options):
        super().__init__(options["io"], 16, options["ask"], peer.questions)
        self.peer = peer
        self.pin = options["pin"]

    async def confirm(self, auto=False):
        self.peer.method = "just-works"
        return await super().confirm(auto)

    async def compare_numbers(self, number, digits):
        self.peer.method = "numeric-comparison"
        return await super().compare_numbers(number, digits)

    async def get_number(self):
        self.peer.method = "passkey"
        return await super().get_number()

    async def display_number(self, number, digits):
        self.peer.method = "passkey"
        await super().display_number(number, digits)

    async def get_string(self, max_length):
        self.peer.method = "pin"
        if "pin" in self.wanted:
            return (await self.ask("pin")).get("pin")
        return self.pin


class LinkSecurity:
    """The commands about security."""

    def start_security(self, keys):
        self.questions = asyncio.Queue()
        self.open_question = None
        self.pairings = asyncio.Queue()
        self.encrypted = asyncio.Condition()
        self.options = dict(DEFAULTS)
        self.method = None
        self.oob_requests = 0
        self.pairing = False
        self.key_types = {}
        self.outcome = None
        device = self.device
        device.keystore = KeyFile(keys)
        for name, known in device.keystore.all_keys.items():
            self.key_types[name] = known.link_key_type
        device.pairing_config_factory = lambda _connection: self.config()
        # Bumble stores each key, also without bonding.
        device.host.remove_listener("link_key", device.on_link_key)
        device.host.on("link_key", self.on_link_key)
        # Bumble knows no out-of-band data on BR/EDR.
        host = device.host
        host.remove_listener(
            "authentication_io_capability_request", device.on_authentication_io_capability_request
        )
        host.on("authentication_io_capability_request", self.on_io_capability_request)
        host.on_hci_io_capability_response_event = self.on_io_capability_response
        host.on_hci_remote_oob_data_request_event = self.on_oob_request
        device.on("classic_pairing_failure", self.on_pairing_failure)
        device.on("connection", self.watch_security)

    def config(self):
        return PairingConfig(
            mitm=self.options["mitm"],
            bonding=self.options["bonding"],
            delegate=Buttons(self, self.options),
        )

    def on_io_capability_request(self, address):
        """Answers as Bumble does, and says whether there is data of the other side."""
        config = self.config()
        data = self.options["oob"] or {}
        present = sum(1 << at for at, curve in enumerate(CURVES) if curve in data)
        if present:
            self.method = "out-of-band"
        reply = hci.HCI_IO_Capability_Request_Reply_Command(
            bd_addr=address,
            io_capability=config.delegate.classic_io_capability,
            oob_data_present=present,
            authentication_requirements=(4 if config.bonding else 0) + (1 if config.mitm else 0),
        )
        asyncio.get_running_loop().create_task(self.send(reply))

    def on_io_capability_response(self, event):
        if event.oob_data_present:
            self.method = "out-of-band"
        type(self.device.host).on_hci_io_capability_response_event(self.device.host, event)

    def on_oob_request(self, event):
        """Answers with the data of the other side, once."""
        data, self.options["oob"] = self.options["oob"], None
        self.oob_requests += 1
        if not data:
            reply = hci.HCI_Remote_OOB_Data_Request_Negative_Reply_Command(bd_addr=event.bd_addr)
        elif self.options["secure_connections"]:
            (c_192, r_192), (c_256, r_256) = [values(data.get(curve)) for curve in CURVES]
            reply = hci.HCI_Remote_OOB_Extended_Data_Request_Reply_Command(
                bd_addr=event.bd_addr, c_192=c_192, r_192=r_192, c_256=c_256, r_256=r_256
            )
        else:
            c, r = values(data.get("p192"))
            reply = hci.HCI_Remote_OOB_Data_Request_Reply_Command(bd_addr=event.bd_addr, c=c, r=r)
        asyncio.get_running_loop().create_task(self.send(reply))

    async def do_oob(self):
        """Makes the OOB data of the next pairing: hex, as on the wire. `requests` counts those for data of the other side."""
        secure = self.options["simple_pairing"] and self.options["secure_connections"]
        octets = await self.read_oob(secure)
        parts = [octets[at : at + 16].hex() for at in range(0, len(octets), 16)]
        pairs = zip(CURVES, zip(parts[::2], parts[1::2]))
        data = {curve: {"commitment": c, "random": r} for curve, (c, r) in pairs}
        return {"data": data, "requests": self.oob_requests}

    async def read_oob(self, extended):
        """Bumble expects an octet too much in the answer to Read Local OOB Extended Data."""
        command = hci.HCI_Command(parameters=b"", op_code=0x0C7D if extended else 0x0C57)
        command.name = "HCI_READ_LOCAL_OOB_DATA_COMMAND"
        answer = await self.device.send_sync_command_raw(command)
        status, octets = answer.parameters[3], answer.parameters[4:]
        if status:
            raise RuntimeError(failed(status))
        return octets

    def watch_security(self, connection):
        async def announce():
            async with self.encrypted:
                self.encrypted.notify_all()

        connection.on(
            connection.EVENT_CONNECTION_ENCRYPTION_CHANGE,
            lambda: asyncio.get_running_loop().create_task(announce()),
        )

    def on_link_key(self, address, key, key_type):
        name = str(address)
        self.key_types[name] = key_type
        outcome = {
            "method": self.method,
            "key_type": KEY_TYPES.get(key_type, key_type),
            "authenticated": key_type in AUTHENTICATED,
            "bonded": self.options["bonding"],
        }
        keys = PairingKeys(
            link_key=PairingKeys.Key(value=key, authenticated=key_type in AUTHENTICATED),
            link_key_type=key_type,
        )

        async def end():
            if self.options["bonding"]:
                await self.device.keystore.update(name, keys)
            self.end_pairing(outcome)

        asyncio.get_running_loop().create_task(end())

    def on_pairing_failure(self, _connection, status):
        if not self.pairing:
            self.pairings.put_nowait(status)

    def end_pairing(self, outcome):
        self.outcome = outcome
        if not self.pairing:
            self.pairings.put_nowait(outcome)

    async def do_pairing(self, **options):
        """How to pair from now on. Missing arguments have their defaults; a `pin` makes a keyboard, because
        Bumble asks no other device for one. Discards questions and results that no command took."""
        if unknown := options.keys() - DEFAULTS.keys():
            raise RuntimeError(f"no such options: {unknown}")
        self.options = {**DEFAULTS, **options}
        if self.options["pin"] is not None or "pin" in self.options["ask"]:
            self.options["io"] = "keyboard-only"
        self.method = None
        for queue in (self.questions, self.pairings):
            while not queue.empty():
                queue.get_nowait()
        await self.send(
            hci.HCI_Write_Simple_Pairing_Mode_Command(
                simple_pairing_mode=int(self.options["simple_pairing"])
            )
        )
        await self.send(
            hci.HCI_Write_Secure_Connections_Host_Support_Command(
                secure_connections_host_support=int(
                    self.options["simple_pairing"] and self.options["secure_connections"]
                )
            )
        )
        return {}

    async def send(self, command):
        return await self.device.send_sync_command(command)

    async def do_pair(self, connection=None, timeout=DEFAULT_TIMEOUT):
        """Pairs, and encrypts."""
        link = self.connection(connection)
        if str(link.peer_address) in self.device.keystore.all_keys:
            raise RuntimeError("already paired: `forget` first, or `encrypt`")
        self.pairing, self.outcome, self.method = True, None, None
        try:
            await self.secure(link, timeout)
        finally:
            self.pairing = False
        return {**self.outcome, **await self.describe_security(link)}

    async def secure(self, link, timeout):
        try:
            await asyncio.wait_for(self.device.authenticate(link), timeout)
            await asyncio.wait_for(self.device.encrypt(link), timeout)
        except hci.HCI_Error as error:
            raise RuntimeError(failed(error.error_code)) from error

    async def do_wait_paired(self, timeout=DEFAULT_TIMEOUT):
        """Waits for the end of a pairing that the other side began."""
        outcome = await asyncio.wait_for(self.pairings.get(), timeout)
        if isinstance(outcome, int):
            raise RuntimeError(failed(outcome))
        return outcome

    do_wait_question = Security.do_wait_question
    do_answer = Security.do_answer

    async def do_encrypt(self, connection=None, timeout=10.0):
        """Authenticates with the stored link key, and encrypts. `paired` says that both paired again instead."""
        link = self.connection(connection)
        if str(link.peer_address) not in self.device.keystore.all_keys:
            raise RuntimeError("no key for this peer")
        self.outcome = None
        await self.secure(link, timeout)
        return {"paired": self.outcome is not None, **await self.describe_security(link)}

    async def do_wait_encrypted(self, connection=None, timeout=DEFAULT_TIMEOUT):
        """Waits until the link is encrypted."""
        link = self.connection(connection)
        async with self.encrypted:
            await asyncio.wait_for(self.encrypted.wait_for(lambda: link.is_encrypted), timeout)
        return await self.describe_security(link)

    async def do_security(self, connection=None):
        return await self.describe_security(self.connection(connection))

    async def describe_security(self, link):
        size = None
        if link.is_encrypted:
            answer = await self.send(
                hci.HCI_Read_Encryption_Key_Size_Command(connection_handle=link.handle)
            )
            size = answer.key_size
        key_type = self.key_types.get(str(link.peer_address))
        return {
            "encryption": ENCRYPTION[link.encryption],
            "key_size": size,
            "authenticated": link.is_encrypted and key_type in AUTHENTICATED,
            "connection": link.handle,
        }

    async def do_bonds(self):
        bonds = self.device.keystore.all_keys.items()
        return {
            "bonds": [
                {"address": name.split("/")[0], "key_type": KEY_TYPES.get(keys.link_key_type)}
                for name, keys in bonds
            ]
        }

    async def do_forget(self, address=None):
        """Forgets one bond, or all."""
        for name in list(self.device.keystore.all_keys):
            if address is None or name.startswith(address):
                await self.device.keystore.delete(name)
        return {}


def values(pair):
    """C and R, or zeros."""
    pair = pair or {"commitment": "00" * 16, "random": "00" * 16}
    return bytes.fromhex(pair["commitment"]), bytes.fromhex(pair["random"])


def failed(status):
    return f"failed with 0x{status:02x} ({hci.HCI_Constant.error_name(status)})"
