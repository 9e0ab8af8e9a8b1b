//! Descriptors. [Assigned Numbers, 3.7]

uuids! {
    CHARACTERISTIC_EXTENDED_PROPERTIES = 0x2900 "Characteristic Extended Properties";
    CHARACTERISTIC_USER_DESCRIPTION = 0x2901 "Characteristic User Description";
    CLIENT_CHARACTERISTIC_CONFIGURATION = 0x2902 "Client Characteristic Configuration";
    SERVER_CHARACTERISTIC_CONFIGURATION = 0x2903 "Server Characteristic Configuration";
    CHARACTERISTIC_PRESENTATION_FORMAT = 0x2904 "Characteristic Presentation Format";
    CHARACTERISTIC_AGGREGATE_FORMAT = 0x2905 "Characteristic Aggregate Format"; VALID_RANGE = 0x2906 "Valid Range";
    EXTERNAL_REPORT_REFERENCE = 0x2907 "External Report Reference"; REPORT_REFERENCE = 0x2908 "Report Reference";
    NUMBER_OF_DIGITALS = 0x2909 "Number of Digitals"; VALUE_TRIGGER_SETTING = 0x290a "Value Trigger Setting";
    ENVIRONMENTAL_SENSING_CONFIGURATION = 0x290b "Environmental Sensing Configuration";
    ENVIRONMENTAL_SENSING_MEASUREMENT = 0x290c "Environmental Sensing Measurement";
    ENVIRONMENTAL_SENSING_TRIGGER_SETTING = 0x290d "Environmental Sensing Trigger Setting";
    TIME_TRIGGER_SETTING = 0x290e "Time Trigger Setting";
    COMPLETE_BR_EDR_TRANSPORT_BLOCK_DATA = 0x290f "Complete BR-EDR Transport Block Data";
    OBSERVATION_SCHEDULE = 0x2910 "Observation Schedule"; VALID_RANGE_AND_ACCURACY = 0x2911 "Valid Range and Accuracy";
    MEASUREMENT_DESCRIPTION = 0x2912 "Measurement Description"; MANUFACTURER_LIMITS = 0x2913 "Manufacturer Limits";
    PROCESS_TOLERANCES = 0x2914 "Process Tolerances"; IMD_TRIGGER_SETTING = 0x2915 "IMD Trigger Setting";
}
