//! Services. [Assigned Numbers, 3.4]

uuids! {
    GAP = 0x1800 "GAP"; GATT = 0x1801 "GATT"; IMMEDIATE_ALERT = 0x1802 "Immediate Alert";
    LINK_LOSS = 0x1803 "Link Loss"; TX_POWER = 0x1804 "Tx Power"; CURRENT_TIME = 0x1805 "Current Time";
    REFERENCE_TIME_UPDATE = 0x1806 "Reference Time Update"; NEXT_DST_CHANGE = 0x1807 "Next DST Change";
    GLUCOSE = 0x1808 "Glucose"; HEALTH_THERMOMETER = 0x1809 "Health Thermometer";
    DEVICE_INFORMATION = 0x180a "Device Information"; HEART_RATE = 0x180d "Heart Rate";
    PHONE_ALERT_STATUS = 0x180e "Phone Alert Status"; BATTERY = 0x180f "Battery";
    BLOOD_PRESSURE = 0x1810 "Blood Pressure"; ALERT_NOTIFICATION = 0x1811 "Alert Notification";
    HUMAN_INTERFACE_DEVICE = 0x1812 "Human Interface Device"; SCAN_PARAMETERS = 0x1813 "Scan Parameters";
    RUNNING_SPEED_AND_CADENCE = 0x1814 "Running Speed and Cadence"; AUTOMATION_IO = 0x1815 "Automation IO";
    CYCLING_SPEED_AND_CADENCE = 0x1816 "Cycling Speed and Cadence"; CYCLING_POWER = 0x1818 "Cycling Power";
    LOCATION_AND_NAVIGATION = 0x1819 "Location and Navigation"; ENVIRONMENTAL_SENSING = 0x181a "Environmental Sensing";
    BODY_COMPOSITION = 0x181b "Body Composition"; USER_DATA = 0x181c "User Data"; WEIGHT_SCALE = 0x181d "Weight Scale";
    BOND_MANAGEMENT = 0x181e "Bond Management"; CONTINUOUS_GLUCOSE_MONITORING = 0x181f "Continuous Glucose Monitoring";
    INTERNET_PROTOCOL_SUPPORT = 0x1820 "Internet Protocol Support"; INDOOR_POSITIONING = 0x1821 "Indoor Positioning";
    PULSE_OXIMETER = 0x1822 "Pulse Oximeter"; HTTP_PROXY = 0x1823 "HTTP Proxy";
    TRANSPORT_DISCOVERY = 0x1824 "Transport Discovery"; OBJECT_TRANSFER = 0x1825 "Object Transfer";
    FITNESS_MACHINE = 0x1826 "Fitness Machine"; MESH_PROVISIONING = 0x1827 "Mesh Provisioning";
    MESH_PROXY = 0x1828 "Mesh Proxy"; RECONNECTION_CONFIGURATION = 0x1829 "Reconnection Configuration";
    INSULIN_DELIVERY = 0x183a "Insulin Delivery"; BINARY_SENSOR = 0x183b "Binary Sensor";
    EMERGENCY_CONFIGURATION = 0x183c "Emergency Configuration"; AUTHORIZATION_CONTROL = 0x183d "Authorization Control";
    PHYSICAL_ACTIVITY_MONITOR = 0x183e "Physical Activity Monitor"; ELAPSED_TIME = 0x183f "Elapsed Time";
    GENERIC_HEALTH_SENSOR = 0x1840 "Generic Health Sensor"; AUDIO_INPUT_CONTROL = 0x1843 "Audio Input Control";
    VOLUME_CONTROL = 0x1844 "Volume Control"; VOLUME_OFFSET_CONTROL = 0x1845 "Volume Offset Control";
    COORDINATED_SET_IDENTIFICATION = 0x1846 "Coordinated Set Identification"; DEVICE_TIME = 0x1847 "Device Time";
    MEDIA_CONTROL = 0x1848 "Media Control"; GENERIC_MEDIA_CONTROL = 0x1849 "Generic Media Control";
    CONSTANT_TONE_EXTENSION = 0x184a "Constant Tone Extension"; TELEPHONE_BEARER = 0x184b "Telephone Bearer";
    GENERIC_TELEPHONE_BEARER = 0x184c "Generic Telephone Bearer"; MICROPHONE_CONTROL = 0x184d "Microphone Control";
    AUDIO_STREAM_CONTROL = 0x184e "Audio Stream Control"; BROADCAST_AUDIO_SCAN = 0x184f "Broadcast Audio Scan";
    PUBLISHED_AUDIO_CAPABILITIES = 0x1850 "Published Audio Capabilities";
    BASIC_AUDIO_ANNOUNCEMENT = 0x1851 "Basic Audio Announcement";
    BROADCAST_AUDIO_ANNOUNCEMENT = 0x1852 "Broadcast Audio Announcement"; COMMON_AUDIO = 0x1853 "Common Audio";
    HEARING_ACCESS = 0x1854 "Hearing Access"; TELEPHONY_AND_MEDIA_AUDIO = 0x1855 "Telephony and Media Audio";
    PUBLIC_BROADCAST_ANNOUNCEMENT = 0x1856 "Public Broadcast Announcement";
    ELECTRONIC_SHELF_LABEL = 0x1857 "Electronic Shelf Label"; GAMING_AUDIO = 0x1858 "Gaming Audio";
    MESH_PROXY_SOLICITATION = 0x1859 "Mesh Proxy Solicitation";
    INDUSTRIAL_MEASUREMENT_DEVICE = 0x185a "Industrial Measurement Device"; RANGING = 0x185b "Ranging";
    HID_ISO = 0x185c "HID ISO";
}
