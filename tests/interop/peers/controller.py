"""Bumble's own controllers, all on one link: each TCP port given is one controller for an external host."""

import asyncio
import sys

from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport import open_transport

from common import patch_quick_ack


class ResettingController(Controller):
    """Bumble's controller keeps its connections over a reset, and then refuses to connect to those peers again."""

    def on_hci_reset_command(self, command):
        self.le_connections.clear()
        return super().on_hci_reset_command(command)


async def main(ports):
    patch_quick_ack()
    link = LocalLink()
    kept = []
    for number, port in enumerate(ports, start=1):
        transport = await open_transport(f"tcp-server:127.0.0.1:{port}")
        controller = ResettingController(
            f"controller {number}",
            host_source=transport.source,
            host_sink=transport.sink,
            link=link,
            public_address=f"F0:F1:F2:F3:F5:{number:02X}",
        )
        kept.append((transport, controller))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
