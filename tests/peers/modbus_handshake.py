#!/usr/bin/env python3
"""An independent Modbus TCP server (pymodbus) that runs a PLC's program: a part handshake.

The program is the PLC's side of "part ready" as a machine builder writes it. It knows nothing of the
gateway, and it never trusts a verdict that does not carry its own part number.

    holding 100 …      the part's measured values as f32, two registers each, high word first (ABCD)
    coil 11            ready: raised when a part lies in place and its values stand
    holding 202–203    the part's number as u32: 1, 2, 3 …
    holding 210–211    answer, written by the gateway: the number of the part that the verdict is for
    holding 220        the verdict, written by the gateway
    holding 300        the heartbeat, written by the gateway

One part: values and number are put up; a settle time later ready is raised. When the answer is the
part's number, the verdict is taken and ready falls; when no answer comes within the patience, the part
is rejected by the PLC itself and ready falls. Then the PLC waits, at most as long again, until the
answer is zero and somebody has read ready while it was down, and the next part comes.

Every write that reaches the server, every TCP connection and every step of the program is one line of
JSON in the `--log` file, in order:
    {"at_ns": …, "what": "connect"}
    {"at_ns": …, "what": "write", "kind": "coil" | "holding", "address": …, "values": […]}
    {"at_ns": …, "what": "ready" | "answered" | "unanswered" | "down" | "cleared" | "uncleared",
     "part": …, "verdict": …}

Prints `port N` when it listens. `quit` on stdin ends it; `hold` keeps the next part back until `go`.
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

VALUES, READY, PART, ANSWER, VERDICT, HEARTBEAT = 100, 11, 202, 210, 220, 300
N_HOLDING, N_COILS = 320, 32
MAY_WRITE = (ANSWER, ANSWER + 1, VERDICT, HEARTBEAT)
WRITE_CODES = {5: "coil", 15: "coil", 6: "holding", 16: "holding"}


def registers(values: list[float]) -> list[int]:
    """f32 values as registers, high word first."""
    return list(struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values)))


class Plc:
    """Registers, and the program that runs over them."""

    def __init__(self, rows: list[list[float]], arguments: argparse.Namespace):
        self.rows = rows
        self.arguments = arguments
        self.log_file = open(arguments.log, "a")
        self.holding = [0] * N_HOLDING
        self.ready = False
        self.n_reads_of_ready = 0
        self.may_go = asyncio.Event()
        self.may_go.set()

    def log(self, what: str, **more) -> None:
        """One line."""
        self.log_file.write(json.dumps({"at_ns": time.monotonic_ns(), "what": what} | more) + "\n")
        self.log_file.flush()

    def step(self, what: str, part: int) -> None:
        """A step of the program."""
        self.log(what, part=part, verdict=self.holding[VERDICT])

    def answer(self) -> int:
        """What the gateway answered."""
        return self.holding[ANSWER] << 16 | self.holding[ANSWER + 1]

    async def until(self, holds, patience_s: float) -> bool:
        """Looks once a scan; false when patience ends."""
        end = time.monotonic() + patience_s
        while not holds():
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(self.arguments.scan / 1000)
        return True

    async def run(self) -> None:
        """Part after part, for ever."""
        patience_s = self.arguments.patience / 1000
        part = 0
        while True:
            await self.may_go.wait()
            part += 1
            values = registers(self.rows[(part - 1) % len(self.rows)])
            self.holding[VALUES : VALUES + len(values)] = values
            self.holding[PART : PART + 2] = [part >> 16, part & 0xFFFF]
            await asyncio.sleep(self.arguments.settle / 1000)
            self.ready = True
            self.step("ready", part)
            answered = await self.until(lambda: self.answer() == part, patience_s)
            self.step("answered" if answered else "unanswered", part)
            self.ready = False
            self.step("down", part)
            n_reads = self.n_reads_of_ready
            cleared = await self.until(lambda: self.answer() == 0, patience_s)
            # An edge that nobody can see is none.
            await self.until(lambda: self.n_reads_of_ready > n_reads, patience_s)
            self.step("cleared" if cleared else "uncleared", part)

    async def action(self, function_code, _start, address, count, current, values):
        """pymodbus calls this before it answers a request."""
        if values is None:
            if function_code == 3:
                current[: len(self.holding)] = self.holding
            elif function_code == 1:
                # Coils lie in words of 16 bits, the first coil in the lowest bit.
                current[0] = self.ready << READY
                self.n_reads_of_ready += 1
            return None
        kind = WRITE_CODES.get(function_code)
        self.log("write", kind=kind, address=address, values=[int(value) for value in values])
        if kind != "holding" or not all(at in MAY_WRITE for at in range(address, address + count)):
            return ExcCodes.ILLEGAL_ADDRESS
        self.holding[address : address + count] = [int(value) for value in values]
        return None


def device(plc: Plc, unit: int) -> SimDevice:
    """One unit with coils and holding registers apart."""
    coils = [SimData(0, values=[False] * N_COILS, datatype=DataType.BITS)]
    inputs = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    holding = [SimData(0, values=[0] * N_HOLDING, datatype=DataType.REGISTERS)]
    input_registers = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
    return SimDevice(unit, simdata=(coils, inputs, holding, input_registers), action=plc.action)


async def listen_to_stdin(plc: Plc, stop: asyncio.Event) -> None:
    """Takes `hold`, `go` and `quit`; the end of stdin does nothing."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        match line.split():
            case [b"hold"]:
                plc.may_go.clear()
            case [b"go"]:
                plc.may_go.set()
            case [b"quit"]:
                stop.set()


async def serve(arguments: argparse.Namespace) -> None:
    """Serves until `quit`."""
    with open(arguments.csv, newline="") as file:
        rows = [[float(cell) for cell in cells] for cells in csv.reader(file)]
    plc = Plc(rows, arguments)
    connected = lambda up: plc.log("connect") if up else None
    server = ModbusTcpServer(device(plc, 1), address=("127.0.0.1", arguments.port), trace_connect=connected)
    await server.serve_forever(background=True)
    print(f"port {server.transport.sockets[0].getsockname()[1]}", flush=True)
    stop = asyncio.Event()
    tasks = [asyncio.create_task(plc.run()), asyncio.create_task(listen_to_stdin(plc, stop))]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await server.shutdown()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", required=True, metavar="FILE", help="values of the parts, a row each, without names")
    parser.add_argument("--log", required=True, metavar="FILE", help="append what happens to this file")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--scan", type=float, default=5, metavar="MS", help="cycle of the program (default: 5)")
    parser.add_argument("--settle", type=float, default=25, metavar="MS", help="from values to ready (default: 25)")
    parser.add_argument("--patience", type=float, default=5000, metavar="MS", help="for an answer (default: 5000)")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
