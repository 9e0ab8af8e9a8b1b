"""Pairing, encryption, bonds and private addresses: the Security Manager of both Bumble peers.

A test plays the person in front of the peer: `wait_question` shows what is on its display, `answer` types.
"""

import asyncio
import hashlib
import json
import os

from bumble import hci, smp
from bumble.keys import MemoryKeyStore, PairingKeys
from bumble.pairing import PairingConfig, PairingDelegate

DEFAULT_TIMEOUT = 60.0

IO_CAPABILITIES = {
    "display-only": PairingDelegate.DISPLAY_OUTPUT_ONLY,
    "display-yes-no": PairingDelegate.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
    "keyboard-only": PairingDelegate.KEYBOARD_INPUT_ONLY,
    "no-input-no-output": PairingDelegate.NO_OUTPUT_NO_INPUT,
    "keyboard-display": PairingDelegate.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
}
METHODS = {
    smp.PairingMethod.JUST_WORKS: "just-works",
    smp.PairingMethod.NUMERIC_COMPARISON: "numeric-comparison",
    smp.PairingMethod.PASSKEY: "passkey",
    smp.PairingMethod.OOB: "out-of-band",
}
# Questions that are always asked; `accept` and `confirm` are answered with yes unless a test requests them.
QUESTIONS = ("compare", "display", "input")


class KeyFile(MemoryKeyStore):
    """Keys in a file, so that they survive the process."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        if path is not None and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for name, keys in json.load(file).items():
                    self.all_keys[name] = PairingKeys.from_dict(keys)

    async def update(self, name, keys):
        await super().update(name, keys)
        self.save()

    async def delete(self, name):
        await super().delete(name)
        self.save()

    def save(self):
        if self.path is not None:
            with open(self.path, "w", encoding="utf-8") as file:
                json.dump({name: keys.to_dict() for name, keys in self.all_keys.items()}, file)


class Person(PairingDelegate):
    """Puts every question of a pairing in a queue, and waits for the answer."""

    def __init__(self, io, key_size, ask, questions):
        super().__init__(
            io_capability=IO_CAPABILITIES[io], maximum_encryption_key_size=key_size
        )
        self.wanted = ask
        self.questions = questions

    async def ask(self, question, **shown):
        answer = asyncio.get_running_loop().create_future()
        self.questions.put_nowait(({"question": question, **shown}, answer))
        return await answer

    async def accept(self):
        return "accept" not in self.wanted or (await self.ask("accept")).get("accept", False)

    async def confirm(self, auto=False):
        return "confirm" not in self.wanted or (await self.ask("confirm")).get("accept", False)

    async def compare_numbers(self, number, digits):
        if "compare" not in self.wanted:
            return True
        return (await self.ask("compare", number=number)).get("accept", False)

    async def get_number(self):
        return (await self.ask("input")).get("passkey")

    async def display_number(self, number, digits):
        if "display" in self.wanted:
            self.questions.put_nowait(({"question": "display", "passkey": number}, None))


class Session(smp.Session):
    """A pairing that reports its result."""

    keys = None
    failed = False
    ltk = None

    async def on_pairing(self):
        over = self.completed
        await super().on_pairing()
        if not over:
            self.manager.ended(self, None)

    def on_pairing_failure(self, reason):
        over = self.completed
        super().on_pairing_failure(reason)
        if not over:
            self.failed = True
            self.manager.ended(self, reason)


class Security:
    """The commands about security, of both peers."""

    def start_security(self, keys):
        self.questions = asyncio.Queue()
        self.open_question = None
        self.pairings = asyncio.Queue()
        self.requests = asyncio.Queue()
        self.encrypted = asyncio.Condition()
        self.oob_context = None
        self.options = {}
        device = self.device
        device.keystore = KeyFile(keys)
        # Bumble's default is an IRK of zeros. This one stays the same after a restart.
        device.irk = hashlib.sha256(bytes(device.static_address)).digest()[:16]
        device.smp_session_proxy = Session
        device.pairing_config_factory = lambda _connection: self.config()
        device.host.long_term_key_provider = self.long_term_key
        device.smp_manager.ended = self.on_pairing_ended
        device.on("connection", self.watch_security)

    def watch_security(self, connection):
        def on_change():
            key = self.key(connection)
            connection.authenticated = connection.is_encrypted and key is not None and key[1]
            asyncio.get_running_loop().create_task(self.announce_encryption())

        connection.on(connection.EVENT_CONNECTION_ENCRYPTION_CHANGE, on_change)
        connection.on(connection.EVENT_CONNECTION_ENCRYPTION_KEY_REFRESH, on_change)
        connection.on(connection.EVENT_PAIRING, lambda _keys: on_change())
        connection.on(connection.EVENT_SECURITY_REQUEST, self.requests.put_nowait)

    async def announce_encryption(self):
        async with self.encrypted:
            self.encrypted.notify_all()

    # Keys

    def key(self, connection):
        """The key of a link as (octets, authenticated, ediv, rand), from its pairing or the key file.

        Bumble answers a central with the key that the *central* distributed in a legacy pairing, and
        for any EDIV and Rand."""
        session = self.device.smp_manager.sessions.get(connection.handle)
        if session is not None and not session.failed:
            authenticated = session.pairing_method != smp.PairingMethod.JUST_WORKS
            running = session.ltk if session.sc else None if session.completed else session.stk
            if running is not None:
                return (running, authenticated, 0, bytes(8))
        keys = self.device.keystore.all_keys.get(str(connection.peer_address))
        if keys is None:
            return None
        key = keys.ltk or keys.ltk_central
        return (key.value, key.authenticated, key.ediv or 0, key.rand or bytes(8))

    async def long_term_key(self, handle, rand, ediv):
        connection = self.device.lookup_connection(handle)
        key = self.key(connection) if connection is not None else None
        return key[0] if key is not None and key[2:] == (ediv, rand) else None

    # Pairing

    def config(self):
        options = {
            "io": "no-input-no-output",
            "mitm": False,
            "secure_connections": True,
            "bonding": True,
            "key_size": 16,
            "ask": QUESTIONS,
            "oob": None,
            "temporary_key": None,
            **self.options,
        }
        return PairingConfig(
            sc=options["secure_connections"],
            mitm=options["mitm"],
            bonding=options["bonding"],
            delegate=Person(options["io"], options["key_size"], options["ask"], self.questions),
            identity_address_type=PairingConfig.AddressType.RANDOM,
            oob=self.oob(options["oob"], options["temporary_key"]),
        )

    def oob(self, peer, temporary_key):
        ours = self.oob_context
        if ours is None and peer is None and temporary_key is None:
            return None
        legacy = temporary_key and smp.OobLegacyContext(bytes.fromhex(temporary_key))
        theirs = peer and smp.OobSharedData(
            c=bytes.fromhex(peer["confirm"]), r=bytes.fromhex(peer["random"])
        )
        return PairingConfig.OobConfig(ours or smp.OobContext(), theirs, legacy or None)

    async def do_pairing(self, **options):
        """How to pair from now on. Missing arguments have their defaults. Discards questions, results and
        requests that no command took."""
        unknown = options.keys() - {
            "io", "mitm", "secure_connections", "bonding", "key_size", "ask", "oob", "temporary_key"
        }
        if unknown:
            raise RuntimeError(f"no such options: {unknown}")
        self.options = options
        if "oob" not in options:
            self.oob_context = None
        for queue in (self.questions, self.pairings, self.requests):
            while not queue.empty():
                queue.get_nowait()
        return {}

    async def do_oob(self):
        """Makes the OOB data of the next pairing with Secure Connections; octets as on the wire."""
        self.oob_context = smp.OobContext()
        shared = self.oob_context.share()
        return {"random": shared.r.hex(), "confirm": shared.c.hex()}

    async def do_pair(self, connection=None, timeout=DEFAULT_TIMEOUT):
        """Pairs as the central, and waits for the end."""
        link = self.connection(connection)
        session = asyncio.wait_for(self.device.pair(link), timeout)
        try:
            await session
        except smp.ProtocolError as error:
            raise RuntimeError(failed(error.error_code)) from error
        return describe_pairing(self.device.smp_manager.sessions[link.handle])

    async def do_wait_paired(self, timeout=DEFAULT_TIMEOUT):
        """Waits for the end of a pairing that the other side began."""
        session, reason = await asyncio.wait_for(self.pairings.get(), timeout)
        if reason is not None:
            raise RuntimeError(failed(reason))
        return describe_pairing(session)

    def on_pairing_ended(self, session, reason):
        if session.is_responder:
            self.pairings.put_nowait((session, reason))

    async def do_wait_question(self, timeout=DEFAULT_TIMEOUT):
        """The next question of the peer."""
        question, self.open_question = await asyncio.wait_for(self.questions.get(), timeout)
        return question

    async def do_answer(self, **answer):
        """Answers the last question with `accept` (yes or no) or `passkey` (none: cancelled)."""
        if self.open_question is None or self.open_question.done():
            raise RuntimeError("nothing was asked")
        self.open_question.set_result(answer)
        return {}

    # Security Requests and encryption

    async def do_request_security(self, connection=None):
        """Sends a Security Request, as the peripheral."""
        self.device.request_pairing(self.connection(connection))
        return {}

    async def do_wait_security_request(self, timeout=DEFAULT_TIMEOUT):
        """Waits for a Security Request of the peripheral."""
        return {"authentication": int(await asyncio.wait_for(self.requests.get(), timeout))}

    async def do_encrypt(self, connection=None, timeout=10.0):
        """Encrypts with the stored key, as the central."""
        link = self.connection(connection)
        key = self.key(link)
        if key is None:
            raise RuntimeError("no key for this peer")
        over = asyncio.get_running_loop().create_future()

        def end(error=None):
            if not over.done():
                over.set_result(error)

        listeners = {
            link.EVENT_CONNECTION_ENCRYPTION_CHANGE: lambda: end(),
            link.EVENT_CONNECTION_ENCRYPTION_KEY_REFRESH: lambda: end(),
            link.EVENT_CONNECTION_ENCRYPTION_FAILURE: end,
            link.EVENT_DISCONNECTION: end,
        }
        for event, listener in listeners.items():
            link.on(event, listener)
        try:
            await self.device.send_async_command(
                hci.HCI_LE_Enable_Encryption_Command(
                    connection_handle=link.handle,
                    random_number=key[3],
                    encrypted_diversifier=key[2],
                    long_term_key=key[0],
                )
            )
            error = await asyncio.wait_for(over, timeout)
        finally:
            for event, listener in listeners.items():
                link.remove_listener(event, listener)
        if error is not None:
            raise RuntimeError(f"failed with 0x{int(error):02x}")
        return describe_security(link)

    async def do_wait_encrypted(self, connection=None, timeout=DEFAULT_TIMEOUT):
        """Waits until the link is encrypted."""
        link = self.connection(connection)
        async with self.encrypted:
            await asyncio.wait_for(self.encrypted.wait_for(lambda: link.is_encrypted), timeout)
        return describe_security(link)

    async def do_security(self, connection=None):
        return describe_security(self.connection(connection))

    # Bonds

    async def do_bonds(self):
        bonds = self.device.keystore.all_keys.items()
        return {"bonds": [{"identity": name, "keys": present(keys)} for name, keys in bonds]}

    async def do_forget(self, identity=None):
        """Forgets one bond, or all."""
        for name in [identity] if identity is not None else list(self.device.keystore.all_keys):
            await self.device.keystore.delete(name)
        await self.device.refresh_resolving_list()
        return {}

    # Addresses

    async def do_private_address(self, enabled=True):
        """Takes another resolvable private address; with `enabled` false, the identity address.
        Bumble's own rotation gives the controller the previous address."""
        device = self.device
        again = await self.pause_advertising()
        address = (
            hci.Address.generate_private_address(device.irk) if enabled else device.static_address
        )
        await device.send_sync_command(hci.HCI_LE_Set_Random_Address_Command(random_address=address))
        device.random_address = address
        if again is not None:
            await self.do_advertise(**again)
        return {"address": str(address)}

    async def pause_advertising(self):
        """Stops advertising, and returns the arguments that started it."""
        return None


def describe_pairing(session):
    link = session.connection
    return {
        "method": METHODS[session.pairing_method],
        "secure_connections": session.sc,
        "authenticated": link.authenticated,
        "bonded": session.bonding,
        "identity": str(session.peer_bd_addr) if session.peer_bd_addr is not None else None,
        "keys": present(session.keys) if session.keys is not None else [],
        "connection": link.handle,
    }


def describe_security(link):
    return {
        "encrypted": link.is_encrypted,
        "authenticated": bool(link.authenticated),
        "connection": link.handle,
        "identity": str(link.peer_address),
        "on_air": str(link.peer_resolvable_address or link.peer_address),
        "own_on_air": str(link.self_address),
    }


def present(keys):
    """The names of the existing keys; never a key."""
    return [name for name in ("ltk", "ltk_central", "ltk_peripheral", "irk", "csrk") if getattr(keys, name)]


def failed(reason):
    return f"failed with 0x{int(reason):02x} ({smp.ErrorCode(reason).name})"


def patch_pairing():
    """Lets a link pair more than once, and stores keys only if both sides requested a bond."""
    received = smp.Manager.on_smp_pdu

    def on_smp_pdu(self, connection, pdu):
        session = self.sessions.get(connection.handle)
        if pdu[:1] == bytes([smp.CommandCode.PAIRING_REQUEST]) and session and session.completed:
            session.on_disconnection(0)
        received(self, connection, pdu)

    async def on_pairing(self, session, identity_address, keys):
        session.keys = keys
        if session.bonding and identity_address is not None:
            await self.device.update_keys(str(identity_address), keys)
        self.device.on_pairing(session.connection, identity_address, keys, session.sc)

    smp.Manager.on_smp_pdu = on_smp_pdu
    smp.Manager.on_pairing = on_pairing
