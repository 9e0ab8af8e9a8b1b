//! Company identifiers, for manufacturer data and vendor identifiers: those of common devices and chips. The list of
//! the Bluetooth SIG has the others. [Assigned Numbers, 7.1]

/// For tests, and for devices that are not a product. [Core Specification Supplement, Part A, 1.4]
pub const NONE: u16 = 0xffff;

numbers! {
    INTEL = 0x0002 "Intel Corp.";
    MICROSOFT = 0x0006 "Microsoft";
    INFINEON_TECHNOLOGIES = 0x0009 "Infineon Technologies AG";
    TEXAS_INSTRUMENTS = 0x000d "Texas Instruments Inc.";
    BROADCOM = 0x000f "Broadcom Corporation";
    QUALCOMM = 0x001d "Qualcomm";
    NXP = 0x0025 "NXP B.V.";
    STMICROELECTRONICS = 0x0030 "ST Microelectronics";
    RENESAS_ELECTRONICS = 0x0036 "Renesas Electronics Corporation";
    BLUETOOTH_SIG = 0x003f "Bluetooth SIG, Inc";
    MEDIATEK = 0x0046 "MediaTek, Inc.";
    APPLE = 0x004c "Apple, Inc.";
    NORDIC_SEMICONDUCTOR = 0x0059 "Nordic Semiconductor ASA";
    REALTEK_SEMICONDUCTOR = 0x005d "Realtek Semiconductor Corporation";
    POLAR_ELECTRO = 0x006b "Polar Electro OY";
    SAMSUNG_ELECTRONICS = 0x0075 "Samsung Electronics Co. Ltd.";
    GARMIN_INTERNATIONAL = 0x0087 "Garmin International, Inc.";
    BOSE = 0x009e "Bose Corporation";
    SUUNTO = 0x009f "Suunto Oy";
    MICROCHIP_TECHNOLOGY = 0x00cd "Microchip Technology Inc.";
    DIALOG_SEMICONDUCTOR = 0x00d2 "Dialog Semiconductor B.V.";
    GOOGLE = 0x00e0 "Google";
    RADIUS_NETWORKS = 0x0118 "Radius Networks, Inc.";
    SONY = 0x012d "Sony Corporation";
    CYPRESS_SEMICONDUCTOR = 0x0131 "Cypress Semiconductor";
    MURATA_MANUFACTURING = 0x013c "Murata Manufacturing Co., Ltd.";
    ESTIMOTE = 0x015d "Estimote, Inc.";
    AMAZON = 0x0171 "Amazon.com Services LLC";
    FITBIT = 0x018e "Fitbit, Inc.";
    LOGITECH = 0x01da "Logitech International SA";
    WAHOO_FITNESS = 0x01fc "Wahoo Fitness, LLC";
    TELINK_SEMICONDUCTOR = 0x0211 "Telink Semiconductor Co. Ltd";
    HUAWEI_TECHNOLOGIES = 0x027d "HUAWEI Technologies Co., Ltd.";
    ESPRESSIF_SYSTEMS = 0x02e5 "Espressif Systems (Shanghai) Co., Ltd.";
    SILICON_LABORATORIES = 0x02ff "Silicon Laboratories";
    XIAOMI = 0x038f "Xiaomi Inc.";
    LEGO_SYSTEM = 0x0397 "LEGO System A/S";
    WITHINGS = 0x03ff "Withings";
    RUUVI_INNOVATIONS = 0x0499 "Ruuvi Innovations Ltd.";
    ANALOG_DEVICES = 0x04b7 "Analog Devices, Inc.";
    THE_LINUX_FOUNDATION = 0x05f1 "The Linux Foundation";
    TILE = 0x067c "Tile, Inc.";
}
