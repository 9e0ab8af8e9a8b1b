#!/usr/bin/env python3
"""Writes the tables of assigned numbers beside this script.

    pip install bluetooth-numbers==1.1.2
    python3 generate.py

Each line is a number in hexadecimal, a tab and a name; lines are in the order of the numbers. UUIDs that derive from
the Bluetooth Base UUID are written with 4 digits, others in full.
"""
from pathlib import Path
from uuid import UUID

from bluetooth_numbers import characteristic, company, descriptor, service

BASE = 0x0000_0000_0000_1000_8000_0080_5F9B_34FB
FOLDER = Path(__file__).parent


def value(number):
    """The 128-bit number by which the lines are ordered."""
    return number.int if isinstance(number, UUID) else BASE | number << 96


def text(number):
    """The number as it is written."""
    return str(number) if isinstance(number, UUID) else f"{number:04x}"


def short_service(number, name):
    """The name as the assigned numbers have it today: without "Service" at its end."""
    return name if isinstance(number, UUID) else name.removesuffix(" Service")


def short_characteristic(_, name):
    """The name without "Characteristic" at its end."""
    return name.removesuffix(" Characteristic")


def write(file, table, key, naming=lambda _, name: name):
    lines = [f"{text(n)}\t{' '.join(naming(n, table[n]).split())}\n" for n in sorted(table, key=key)]
    (FOLDER / file).write_text("".join(lines), encoding="utf-8")


write("companies.tsv", company, key=lambda number: number)
# The package writes the members' UUIDs (0xFC00 and above) with decimal digits behind 0x: 0x65236 is 65236, 0xFED4.
service = {int(f"{n:x}") if isinstance(n, int) and n > 0xFFFF else n: service[n] for n in service}

write("services.tsv", service, key=value, naming=short_service)
write("characteristics.tsv", characteristic, key=value, naming=short_characteristic)
write("descriptors.tsv", descriptor, key=value)
