"""An independent Modbus TCP server (pymodbus) for the tests of the Modbus adapter.

Prints one JSON line, {"port": N, "cases": [{register, type, order, value}]}, then serves until its
standard input closes. Values are laid over registers here from the letters of the order, so that
the adapter's own layout is compared with another one.

Unit 1: coils 0-63 (every 3rd on), discrete inputs 0-63 (every 5th on), input registers 0-199 (7 x
address), holding registers 0-999 (the cases), 1000-1999 (zero, writable), 2000-2009 and 2015-2019
(own address; between them a hole).
Holding 1900 keeps at most 7; writing to 1910 is refused with exception 04.
Input 500-501: open TCP connections now and at most.
"""

import asyncio
import json
import struct
import sys

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

ORDERS = {2: ["ab", "ba"], 4: ["abcd", "cdab", "badc", "dcba"], 8: ["abcdefgh", "ghefcdab", "badcfehg", "hgfedcba"]}
VALUES = {
    "i16": ("h", [-2, 12345]),
    "u16": ("H", [65534, 300]),
    "i32": ("i", [-123456789, 70000]),
    "u32": ("I", [4000000000, 5]),
    "i64": ("q", [-1234567890123456789, 17]),
    "u64": ("Q", [18446744073709551614, 9007199254740993]),
    "f32": ("f", [123.456, -1.5e-7]),
    "f64": ("d", [-0.0025, 1.7976931348623157e308]),
}
CLAMPED, REFUSED, CONNECTIONS = 1900, 1910, 500
open_now, open_most = 0, 0


def lay(value, code, letters):
    big = struct.pack(">" + code, value)
    wire = bytes(big[ord(letter) - ord("a")] for letter in letters)
    return list(struct.unpack(f">{len(wire) // 2}H", wire))


def cases():
    registers, listed = [], []
    for name, (code, values) in VALUES.items():
        for letters in ORDERS[struct.calcsize(code)]:
            for value in values:
                shown = struct.unpack(">f", struct.pack(">f", value))[0] if code == "f" else value
                listed.append({"register": f"holding:{len(registers)}", "type": name, "order": letters, "value": repr(shown)})
                registers += lay(value, code, letters)
    return registers, listed


def traced(connected):
    global open_now, open_most
    open_now += 1 if connected else -1
    open_most = max(open_most, open_now)


async def action(function, start, address, count, registers, written):
    if function == 4 and address <= CONNECTIONS < address + count:
        registers[CONNECTIONS - start : CONNECTIONS - start + 2] = [open_now, open_most]
    if function in (6, 16) and written and address <= CLAMPED < address + count:
        written[CLAMPED - address] = min(written[CLAMPED - address], 7)
    if function in (6, 16) and written and address <= REFUSED < address + count:
        return ExcCodes.DEVICE_FAILURE
    return None


async def main():
    registers, listed = cases()
    words = lambda at, values: SimData(at, values=values, datatype=DataType.REGISTERS)
    holding = [
        words(0, registers + [0] * (2000 - len(registers))),
        words(2000, list(range(2000, 2010))),
        words(2015, list(range(2015, 2020))),
    ]
    device = SimDevice(
        1,
        simdata=(
            [SimData(0, values=[i % 3 == 0 for i in range(64)], datatype=DataType.BITS)],
            [SimData(0, values=[i % 5 == 0 for i in range(64)], datatype=DataType.BITS)],
            holding,
            [words(0, [7 * i for i in range(200)]), words(CONNECTIONS, [0, 0])],
        ),
        action=action,
    )
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = ModbusTcpServer(device, address=("127.0.0.1", port), trace_connect=traced)
    await server.serve_forever(background=True)
    port = server.transport.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "cases": listed}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.shutdown()


asyncio.run(main())
