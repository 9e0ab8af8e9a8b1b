//! Service classes, profiles and browse groups. [Assigned Numbers, 3.3]

uuids! {
    SERVICE_DISCOVERY_SERVER = 0x1000 "Service Discovery Server";
    BROWSE_GROUP_DESCRIPTOR = 0x1001 "Browse Group Descriptor"; PUBLIC_BROWSE_ROOT = 0x1002 "Public Browse Root";
    SERIAL_PORT = 0x1101 "Serial Port"; LAN_ACCESS = 0x1102 "LAN Access Using PPP";
    DIALUP_NETWORKING = 0x1103 "Dial-up Networking"; IRMC_SYNC = 0x1104 "IrMC Sync";
    OBEX_OBJECT_PUSH = 0x1105 "OBEX Object Push"; OBEX_FILE_TRANSFER = 0x1106 "OBEX File Transfer";
    IRMC_SYNC_COMMAND = 0x1107 "IrMC Sync Command"; HEADSET = 0x1108 "Headset";
    CORDLESS_TELEPHONY = 0x1109 "Cordless Telephony"; AUDIO_SOURCE = 0x110a "Audio Source";
    AUDIO_SINK = 0x110b "Audio Sink"; REMOTE_CONTROL_TARGET = 0x110c "Remote Control Target";
    ADVANCED_AUDIO_DISTRIBUTION = 0x110d "Advanced Audio Distribution"; REMOTE_CONTROL = 0x110e "Remote Control";
    REMOTE_CONTROL_CONTROLLER = 0x110f "Remote Control Controller"; INTERCOM = 0x1110 "Intercom"; FAX = 0x1111 "Fax";
    HEADSET_AUDIO_GATEWAY = 0x1112 "Headset Audio Gateway"; WAP = 0x1113 "WAP"; WAP_CLIENT = 0x1114 "WAP Client";
    PANU = 0x1115 "PAN User"; NAP = 0x1116 "Network Access Point"; GN = 0x1117 "Group Ad-hoc Network";
    DIRECT_PRINTING = 0x1118 "Direct Printing"; REFERENCE_PRINTING = 0x1119 "Reference Printing";
    BASIC_IMAGING = 0x111a "Basic Imaging"; IMAGING_RESPONDER = 0x111b "Imaging Responder";
    IMAGING_AUTOMATIC_ARCHIVE = 0x111c "Imaging Automatic Archive";
    IMAGING_REFERENCED_OBJECTS = 0x111d "Imaging Referenced Objects"; HANDS_FREE = 0x111e "Hands-Free";
    HANDS_FREE_AUDIO_GATEWAY = 0x111f "Hands-Free Audio Gateway";
    DIRECT_PRINTING_REFERENCE_OBJECTS = 0x1120 "Direct Printing Reference Objects";
    REFLECTED_UI = 0x1121 "Reflected UI"; BASIC_PRINTING = 0x1122 "Basic Printing";
    PRINTING_STATUS = 0x1123 "Printing Status"; HUMAN_INTERFACE_DEVICE = 0x1124 "Human Interface Device";
    HARDCOPY_CABLE_REPLACEMENT = 0x1125 "Hardcopy Cable Replacement"; HCR_PRINT = 0x1126 "HCR Print";
    HCR_SCAN = 0x1127 "HCR Scan"; COMMON_ISDN_ACCESS = 0x1128 "Common ISDN Access"; SIM_ACCESS = 0x112d "SIM Access";
    PHONEBOOK_ACCESS_CLIENT = 0x112e "Phonebook Access Client";
    PHONEBOOK_ACCESS_SERVER = 0x112f "Phonebook Access Server"; PHONEBOOK_ACCESS = 0x1130 "Phonebook Access";
    HEADSET_HS = 0x1131 "Headset HS"; MESSAGE_ACCESS_SERVER = 0x1132 "Message Access Server";
    MESSAGE_NOTIFICATION_SERVER = 0x1133 "Message Notification Server"; MESSAGE_ACCESS = 0x1134 "Message Access";
    GNSS = 0x1135 "GNSS"; GNSS_SERVER = 0x1136 "GNSS Server"; DISPLAY_3D = 0x1137 "3D Display";
    GLASSES_3D = 0x1138 "3D Glasses"; SYNCHRONIZATION_3D = 0x1139 "3D Synchronization";
    MULTI_PROFILE = 0x113a "Multi-Profile Specification"; MULTI_PROFILE_CLASS = 0x113b "Multi-Profile";
    CALENDAR_TASKS_NOTES_ACCESS = 0x113c "Calendar, Tasks and Notes Access";
    CALENDAR_TASKS_NOTES_NOTIFICATION = 0x113d "Calendar, Tasks and Notes Notification";
    CALENDAR_TASKS_NOTES = 0x113e "Calendar, Tasks and Notes"; PNP_INFORMATION = 0x1200 "PnP Information";
    GENERIC_NETWORKING = 0x1201 "Generic Networking"; GENERIC_FILE_TRANSFER = 0x1202 "Generic File Transfer";
    GENERIC_AUDIO = 0x1203 "Generic Audio"; GENERIC_TELEPHONY = 0x1204 "Generic Telephony";
    UPNP_SERVICE = 0x1205 "UPnP"; UPNP_IP_SERVICE = 0x1206 "UPnP IP"; ESDP_UPNP_IP_PAN = 0x1300 "ESDP UPnP IP PAN";
    ESDP_UPNP_IP_LAP = 0x1301 "ESDP UPnP IP LAP"; ESDP_UPNP_L2CAP = 0x1302 "ESDP UPnP L2CAP";
    VIDEO_SOURCE = 0x1303 "Video Source"; VIDEO_SINK = 0x1304 "Video Sink";
    VIDEO_DISTRIBUTION = 0x1305 "Video Distribution"; HEALTH_DEVICE = 0x1400 "Health Device";
    HEALTH_DEVICE_SOURCE = 0x1401 "Health Device Source"; HEALTH_DEVICE_SINK = 0x1402 "Health Device Sink";
    GENERIC_ACCESS = 0x1800 "Generic Access"; GENERIC_ATTRIBUTE = 0x1801 "Generic Attribute";
}
