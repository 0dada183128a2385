#!/usr/bin/env python3
"""A Modbus TCP server that misbehaves on command, for tests of what a client makes of it.

It is written on plain sockets, because no well-behaved library sends a wrong transaction id.
Every holding register and input register holds its own address until it is written, so an answer
that is taken for another request's shows at once. Coils hold false until they are written.

Commands on stdin, one a line; each is answered by `ok`, or by one line of JSON:

    good                  answer at once (so it begins)
    silent                take requests and answer none
    refuse [CODE]         answer every request with an exception (default 2, illegal data address)
    refuse-writes [CODE]  the same for writes alone; reads are answered
    ignore-writes         accept writes and carry none out, as an output forced by hand does
    late MS               answer every request MS milliseconds late, in order
    wrong-transaction     answer with a transaction id that nobody asked for
    wrong-unit            answer as another unit
    short                 answer with half of the bytes that the header promises, then close
    garbage               answer with bytes that are no Modbus
    drop                  close every connection when its next request comes
    close                 stop listening and close all connections: the device is gone
    open                  listen again at the same port
    … for N               after a command above: only for the next N requests, then good again
    set ADDRESS VALUE     put a value into a register
    counts                {"requests": …, "connections": …, "connections_max": …, "accepted": …}
    quit                  end

Every write that is carried out or refused is one line of JSON in the `--writes` file:
    {"at_ns": monotonic time, "kind": "coil" | "holding", "address": …, "values": […], "mode": …}

Prints `port N` when it listens.
"""

import argparse
import asyncio
import json
import struct
import sys
import time

READS_BITS = (1, 2)
READS_REGISTERS = (3, 4)
WRITES = (5, 6, 15, 16)
MODES = ("good", "silent", "refuse", "refuse-writes", "ignore-writes", "late", "wrong-transaction", "wrong-unit", "short", "garbage", "drop")
WITH_NUMBER = {"refuse": 2, "refuse-writes": 2, "late": None}


class Refused(Exception):
    """A Modbus exception code."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


class Device:
    """The registers, and how it behaves now."""

    def __init__(self, writes):
        self.registers = list(range(0x10000))
        self.coils = [False] * 0x10000
        self.mode, self.number, self.n_left = "good", 0, None
        self.writes = writes
        self.n_requests = 0
        self.n_accepted = 0
        self.n_connections_max = 0
        self.connections: set[asyncio.StreamWriter] = set()

    def behave(self, mode: str, number: int | None, n_requests: int | None) -> None:
        """Takes a mode, for good or for some requests."""
        self.mode, self.number, self.n_left = mode, number or 0, n_requests

    def mode_of_next(self) -> tuple[str, int]:
        """How the request that just came is answered."""
        mode = self.mode, self.number
        if self.n_left is not None:
            self.n_left -= 1
            if self.n_left <= 0:
                self.behave("good", None, None)
        return mode

    def carry_out(self, pdu: bytes, mode: str, refuse: int | None) -> bytes:
        """The answer to a request; raises what a device refuses."""
        code = pdu[0]
        if code not in READS_BITS + READS_REGISTERS + WRITES:
            raise Refused(1)
        address, second = struct.unpack(">HH", pdu[1:5])
        if code in WRITES:
            return self.write(code, address, second, pdu, mode, refuse)
        if refuse is not None:
            raise Refused(refuse)
        if second == 0 or address + second > 0x10000:
            raise Refused(2)
        if code in READS_REGISTERS:
            values = self.registers[address : address + second]
            return struct.pack(f">BB{second}H", code, 2 * second, *values)
        bits = self.coils[address : address + second]
        packed = sum(1 << i for i, bit in enumerate(bits) if bit)
        n_bytes = (second + 7) // 8
        return bytes([code, n_bytes]) + packed.to_bytes(n_bytes, "little")

    def write(self, code: int, address: int, second: int, pdu: bytes, mode: str, refuse: int | None) -> bytes:
        """Carries a write out, or refuses it."""
        if code == 5:
            kind, values = "coil", [second == 0xFF00]
        elif code == 6:
            kind, values = "holding", [second]
        elif code == 15:
            bits = int.from_bytes(pdu[6:], "little")
            kind, values = "coil", [bool(bits >> i & 1) for i in range(second)]
        else:
            kind, values = "holding", list(struct.unpack(f">{second}H", pdu[6 : 6 + 2 * second]))
        if self.writes is not None:
            line = {"at_ns": time.monotonic_ns(), "kind": kind, "address": address}
            line |= {"values": [int(value) for value in values], "mode": mode}
            self.writes.write(json.dumps(line) + "\n")
            self.writes.flush()
        if refuse is not None:
            raise Refused(refuse)
        if mode == "ignore-writes":
            return pdu[:5]
        target = self.coils if kind == "coil" else self.registers
        target[address : address + len(values)] = values
        return pdu[:5]

    def answer(self, head: tuple[int, int, int], pdu: bytes, mode: str, number: int) -> bytes:
        """The whole frame that goes back."""
        transaction, protocol, unit = head
        refuses = mode == "refuse" or (mode == "refuse-writes" and pdu[0] in WRITES)
        try:
            body = self.carry_out(pdu, mode, number if refuses else None)
        except Refused as refused:
            body = bytes([pdu[0] | 0x80, refused.code])
        if mode == "wrong-transaction":
            transaction = (transaction + 0x1234) & 0xFFFF
        if mode == "wrong-unit":
            unit = (unit + 1) & 0xFF
        if mode == "garbage":
            return b"this is no Modbus frame at all, and it is long enough to be mistaken for one"
        return struct.pack(">HHHB", transaction, protocol, len(body) + 1, unit) + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it."""
        self.connections.add(writer)
        self.n_accepted += 1
        self.n_connections_max = max(self.n_connections_max, len(self.connections))
        try:
            while await self.one_request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.connections.discard(writer)
            writer.close()

    async def one_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Takes a request and answers it as the mode says; false ends the connection."""
        transaction, protocol, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
        pdu = await reader.readexactly(length - 1)
        self.n_requests += 1
        mode, number = self.mode_of_next()
        if mode == "drop":
            return False
        if mode == "silent":
            return True
        if mode == "late":
            await asyncio.sleep(number / 1000)
        frame = self.answer((transaction, protocol, unit), pdu, mode, number)
        writer.write(frame[: (len(frame) + 1) // 2] if mode == "short" else frame)
        await writer.drain()
        return mode != "short"

    def counts(self) -> str:
        """What was counted, as JSON."""
        return json.dumps(
            {
                "requests": self.n_requests,
                "connections": len(self.connections),
                "connections_max": self.n_connections_max,
                "accepted": self.n_accepted,
            }
        )


class Port:
    """The listening socket, which can be closed and opened again."""

    def __init__(self, device: Device, host: str, port: int):
        self.device, self.host, self.port = device, host, port
        self.server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listens; the first time at a free port where none is given."""
        if self.server is None:
            self.server = await asyncio.start_server(self.device.serve, self.host, self.port)
            self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stops listening and closes what is connected."""
        if self.server is not None:
            self.server.close()
            self.server = None
        for writer in list(self.device.connections):
            writer.transport.abort()


async def obey(line: str, device: Device, port: Port) -> str | None:
    """Carries one command out; gives the answer, or None to end."""
    words = line.split()
    n_requests = None
    if len(words) >= 3 and words[-2] == "for" and words[-1].isdigit():
        n_requests, words = int(words[-1]), words[:-2]
    match words:
        case ["quit"]:
            return None
        case ["counts"]:
            return device.counts()
        case ["close"]:
            await port.close()
        case ["open"]:
            await port.open()
        case ["set", address, value]:
            device.registers[int(address)] = int(value)
        case [mode] if mode in MODES and WITH_NUMBER.get(mode, 0) is not None:
            device.behave(mode, WITH_NUMBER.get(mode), n_requests)
        case [mode, number] if mode in WITH_NUMBER and number.isdigit():
            device.behave(mode, int(number), n_requests)
        case _:
            return f"not understood: {line.strip()}"
    return "ok"


async def serve(arguments: argparse.Namespace) -> None:
    """Serves until `quit`; the end of stdin does not end it."""
    device = Device(open(arguments.writes, "a") if arguments.writes else None)
    port = Port(device, arguments.host, arguments.port)
    await port.open()
    print(f"port {port.port}", flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer = await obey(line.decode(), device, port)
        if answer is None:
            await port.close()
            return
        print(answer, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--writes", metavar="FILE", help="append every write to this file, one JSON a line")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
