"""Corrections of Bumble's BR/EDR L2CAP and RFCOMM, without which a correct host cannot talk with it.

README.md lists the faults that stay.
"""

import struct

from bumble import l2cap, rfcomm, sdp, utils

ERTM = l2cap.TransmissionMode.ENHANCED_RETRANSMISSION
FCS_OPTION = l2cap.L2CAP_Configure_Request.ParameterType.FCS
# [Vol 3] Part A, 5.1
DEFAULT_MTU = 672
# Faults of the other side that the peer has seen; the command `faults` reports them.
FAULTS = []


def patch_classic():
    l2cap.L2CAP_MIN_BR_EDR_MTU = DEFAULT_MTU
    sdp.SDP_CONTINUATION_WATCHDOG = 10_000
    utils.crc_16 = crc_16
    patch_early_sdus()
    patch_fcs()
    patch_enhanced_retransmission()
    patch_closed_dlcs()


def make_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = make_table()


def crc_16(data):
    """Bumble's own, with a table: eight times as fast."""
    crc = 0
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def patch_early_sdus():
    """Keeps SDUs that arrive before a channel has its sink; Bumble drops them."""
    init = l2cap.ClassicChannel.__init__

    def patched(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.early = []
        self.sink = self.early.append

    l2cap.ClassicChannel.__init__ = patched


def patch_fcs():
    """Uses an FCS unless both sides decline it, requests "no FCS" with the option, and checks each FCS.

    Bumble takes a missing option for "no FCS", obeys only the other side's option, and checks none."""
    send, configured, received = (
        l2cap.ClassicChannel.send_configure_request,
        l2cap.ClassicChannel.on_configure_request,
        l2cap.ClassicChannel.on_pdu,
    )

    def send_configure_request(self):
        if self.mode != ERTM or self.spec.fcs_enabled:
            return send(self)
        plain = self.send_control_frame

        def with_option(frame):
            frame.options += bytes([FCS_OPTION, 1, 0])
            plain(frame)

        self.send_control_frame = with_option
        try:
            send(self)
        finally:
            del self.send_control_frame

    def on_configure_request(self, request):
        configured(self, request)
        options = dict(l2cap.L2CAP_Control_Frame.decode_configuration_options(request.options))
        declined = options.get(FCS_OPTION, b"\x01")[0] == 0
        self.fcs_enabled = self.mode == ERTM and (self.spec.fcs_enabled or not declined)

    def on_pdu(self, pdu):
        if self.fcs_enabled:
            covered = struct.pack("<HH", len(pdu), self.source_cid) + pdu[:-2]
            if crc_16(covered) != int.from_bytes(pdu[-2:], "little"):
                FAULTS.append(f"wrong FCS on CID 0x{self.source_cid:04x}")
                return
        received(self, pdu)

    l2cap.ClassicChannel.send_configure_request = send_configure_request
    l2cap.ClassicChannel.on_configure_request = on_configure_request
    l2cap.ClassicChannel.on_pdu = on_pdu


class Retransmitting(l2cap.EnhancedRetransmissionProcessor):
    """Sends lost frames again, polls with the P bit, and goes on after the other side was busy."""

    # I-frames that shall not reach the other side; the command `lose` sets it.
    to_lose = 0

    def _send_i_frame(self, pdu):
        if self.to_lose == 0:
            super()._send_i_frame(pdu)
            return
        self.to_lose -= 1
        self._start_receiver_ready_poll()
        self._tx_window.append(pdu)

    def on_pdu(self, pdu):
        field = l2cap.EnhancedControlField.from_bytes(pdu)
        super().on_pdu(pdu)
        function = getattr(field, "supervision_function", None)
        if function == l2cap.ControlField.SupervisoryFunction.SREJ:
            self.send_again(frame for frame in self._tx_window if frame.tx_seq == field.req_seq)
        elif function == l2cap.ControlField.SupervisoryFunction.REJ or field.final:
            if not self._remote_is_busy:
                self.send_again(self._tx_window)
        # Bumble processes the acknowledgement while it still takes the other side for busy.
        self._process_output()

    def send_again(self, frames):
        for frame in list(frames):
            frame.req_seq = self._req_seq_num
            self.channel.send_pdu(bytes(frame))

    def _send_receiver_ready_poll(self):
        self._num_receiver_ready_polls_sent += 1
        self.channel.send_pdu(
            l2cap.SupervisoryEnhancedControlField(poll=1, req_seq=self._req_seq_num)
        )
        self._last_acked_rx_seq = self._req_seq_num


def patch_enhanced_retransmission():
    """Bumble sets F in each I-frame and in place of P, and never sends a frame again."""
    information = l2cap.InformationEnhancedControlField
    information.__init__.__defaults__ = (0, 0)  # req_seq, final

    def supervisory(self):
        first = self.frame_type | self.supervision_function << 2 | self.poll << 4 | self.final << 7
        return bytes([first, self.req_seq])

    l2cap.SupervisoryEnhancedControlField.__bytes__ = supervisory
    l2cap.EnhancedRetransmissionProcessor = Retransmitting


def patch_closed_dlcs():
    """Closes a DLC that the other side closes; Bumble only answers."""
    answer = rfcomm.DLC.on_disc_frame

    def on_disc_frame(self, frame):
        answer(self, frame)
        self.change_state(rfcomm.DLC.State.DISCONNECTED)
        self.multiplexer.on_dlc_disconnection(self)
        self.emit(self.EVENT_CLOSE)

    rfcomm.DLC.on_disc_frame = on_disc_frame
