//! Protocols. [Assigned Numbers, 3.2]

uuids! {
    SDP = 0x0001 "SDP"; UDP = 0x0002 "UDP"; RFCOMM = 0x0003 "RFCOMM"; TCP = 0x0004 "TCP";
    TCS_BIN = 0x0005 "TCS-BIN"; TCS_AT = 0x0006 "TCS-AT"; ATT = 0x0007 "ATT"; OBEX = 0x0008 "OBEX";
    IP = 0x0009 "IP"; FTP = 0x000a "FTP"; HTTP = 0x000c "HTTP"; WSP = 0x000e "WSP"; BNEP = 0x000f "BNEP";
    UPNP = 0x0010 "UPnP"; HIDP = 0x0011 "HIDP"; HARDCOPY_CONTROL_CHANNEL = 0x0012 "Hardcopy Control Channel";
    HARDCOPY_DATA_CHANNEL = 0x0014 "Hardcopy Data Channel"; HARDCOPY_NOTIFICATION = 0x0016 "Hardcopy Notification";
    AVCTP = 0x0017 "AVCTP"; AVDTP = 0x0019 "AVDTP"; CMTP = 0x001b "CMTP";
    MCAP_CONTROL_CHANNEL = 0x001e "MCAP Control Channel"; MCAP_DATA_CHANNEL = 0x001f "MCAP Data Channel";
    L2CAP = 0x0100 "L2CAP";
}
