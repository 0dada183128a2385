#!/usr/bin/env python3
"""An independent Modbus TCP server (pymodbus) that shows the rows of a table, one after the other.

It stands for a PLC in the end-to-end tests. Holding registers:

    0 ..        the row's values as f32, two registers each, high word first (ABCD)
    200–201     the row's number as u32, high word first: 0 before the first row, then 1, 2, …
    300         control: a write of any value shows the next row
    310–325     free for writes, such as a heartbeat or a verdict

and coils 0–63, free for writes. A row is shown consistently: its values first and, a settle time
later, its number. Whoever reads the values before the number in one scan, and scans faster than the
settle time, never sees a new number with old values.

The next row is shown at `next` (or `next N`) on stdin, at a write to register 300, every
`--every` milliseconds, or after each write to `--advance-on`. What is asked for while a row is still
settling waits its turn. `quit` ends the server; the end of stdin does not.

Every write that reaches the server is one line of JSON in the `--writes` file:
    {"at_ns": monotonic time, "kind": "coil" | "holding", "address": …, "values": […], "row": …}

Prints `port N` when it listens, and `done` when the last row has been shown.
"""

import argparse
import asyncio
import csv
import json
import struct
import sys
import time

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

COUNTER = 200
CONTROL = 300
FREE = range(310, 326)
N_HOLDING = 326
N_COILS = 64
WRITE_CODES = {5: "coil", 15: "coil", 6: "holding", 16: "holding"}


def read_rows(path: str, delimiter: str) -> list[list[int]]:
    """The rows as registers. A first row that is not all numbers names the columns and is left out."""
    rows = []
    with open(path, newline="") as file:
        for number, cells in enumerate(csv.reader(file, delimiter=delimiter)):
            try:
                values = [float(cell) for cell in cells]
            except ValueError:
                if number == 0:
                    continue
                raise
            if 2 * len(values) > COUNTER:
                sys.exit(f"row {number} has {len(values)} values; at most {COUNTER // 2} fit")
            rows.append(registers(values))
    if not rows:
        sys.exit(f"{path} has no rows")
    return rows


def registers(values: list[float]) -> list[int]:
    """f32 values as registers, high word first."""
    return list(struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values)))


class Plc:
    """The registers, and the order in which rows appear in them."""

    def __init__(self, rows: list[list[int]], settle_s: float, every_s: float | None, advance_on, writes):
        self.rows = rows
        self.settle_s = settle_s
        self.every_s = every_s
        self.advance_on = advance_on
        self.writes = writes
        self.n_shown = 0
        self.image = [0] * (COUNTER + 2)
        self.asked = asyncio.Semaphore(0)

    async def play(self) -> None:
        """Shows rows as they are asked for."""
        due = time.monotonic()
        for number, row in enumerate(self.rows, start=1):
            if self.every_s is None:
                await self.asked.acquire()
            else:
                due += self.every_s
                await asyncio.sleep(due - time.monotonic())
            self.image[: len(row)] = row
            await asyncio.sleep(self.settle_s)
            self.image[COUNTER : COUNTER + 2] = [number >> 16, number & 0xFFFF]
            self.n_shown = number
        print("done", flush=True)

    def next(self, n: int) -> None:
        """Asks for `n` more rows."""
        for _ in range(n):
            self.asked.release()

    async def action(self, function_code, _start, address, count, current, values):
        """pymodbus calls this before it answers a request."""
        if values is None:
            if function_code == 3 and address < len(self.image):
                current[: len(self.image)] = self.image
            return None
        kind = WRITE_CODES.get(function_code)
        if kind == "holding":
            span = range(address, address + count)
            if not all(at == CONTROL or at in FREE for at in span):
                return ExcCodes.ILLEGAL_ADDRESS
            if CONTROL in span:
                self.next(1)
        self.note(kind, address, values)
        if (kind, address) == self.advance_on:
            self.next(1)
        return None

    def note(self, kind: str, address: int, values) -> None:
        """Keeps a write, so that a test can prove that none was repeated."""
        if self.writes is None:
            return
        line = {
            "at_ns": time.monotonic_ns(),
            "kind": kind,
            "address": address,
            "values": [int(value) for value in values],
            "row": self.n_shown,
        }
        self.writes.write(json.dumps(line) + "\n")
        self.writes.flush()


async def listen_to_stdin(plc: Plc, stop: asyncio.Event) -> None:
    """Takes `next`, `next N` and `quit`."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        match line.split():
            case [b"next"]:
                plc.next(1)
            case [b"next", n] if n.isdigit():
                plc.next(int(n))
            case [b"quit"]:
                stop.set()
            case []:
                pass
            case _:
                print(f"not understood: {line!r}; write next, next N or quit", file=sys.stderr, flush=True)


def device(plc: Plc, unit: int) -> SimDevice:
    """One unit with coils and holding registers apart, as most PLCs have them."""
    coils = [SimData(0, values=[False] * N_COILS, datatype=DataType.BITS)]
    inputs = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    holding = [SimData(0, values=[0] * N_HOLDING, datatype=DataType.REGISTERS)]
    input_registers = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
    return SimDevice(unit, simdata=(coils, inputs, holding, input_registers), action=plc.action)


def place(text: str) -> tuple[str, int]:
    """`coil:3` or `holding:310`."""
    kind, _, address = text.partition(":")
    if kind not in ("coil", "holding") or not address.isdigit():
        raise argparse.ArgumentTypeError("write coil:N or holding:N")
    return kind, int(address)


async def serve(arguments: argparse.Namespace) -> None:
    """Serves until `quit`."""
    rows = read_rows(arguments.csv, arguments.delimiter)
    writes = open(arguments.writes, "a") if arguments.writes else None
    every_s = arguments.every / 1000 if arguments.every is not None else None
    plc = Plc(rows, arguments.settle / 1000, every_s, arguments.advance_on, writes)
    server = ModbusTcpServer(device(plc, arguments.unit), address=(arguments.host, arguments.port))
    await server.serve_forever(background=True)
    print(f"port {server.transport.sockets[0].getsockname()[1]}", flush=True)
    stop = asyncio.Event()
    tasks = [asyncio.create_task(plc.play()), asyncio.create_task(listen_to_stdin(plc, stop))]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await server.shutdown()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", required=True, metavar="FILE", help="the table; a first row of names is left out")
    parser.add_argument("--delimiter", default=",", metavar="CHAR", help="between two cells (default: a comma)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--unit", type=int, default=1, help="Modbus unit id (default: 1)")
    parser.add_argument("--every", type=float, metavar="MS", help="show the next row every MS milliseconds")
    parser.add_argument("--settle", type=float, default=25, metavar="MS", help="from values to number (default: 25)")
    parser.add_argument("--advance-on", type=place, metavar="PLACE", help="a write there shows the next row")
    parser.add_argument("--writes", metavar="FILE", help="append every write to this file, one JSON a line")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
