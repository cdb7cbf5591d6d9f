"""A bad network: a program that carries TCP connections on the loopback and harms them as its seed says.

    network.py --seed N PORT:TARGET …

listens on each PORT of 127.0.0.1 and carries to TARGET. It begins calm. A line on standard input is a command: `storm`, `calm` (all
connections are cut, and from now on nothing is harmed), `counts` (answered by one line of JSON). Each connection has a fate of its
own, drawn from the seed, the lane and the connection's number."""

import argparse
import asyncio
import collections
import json
import random
import socket
import struct
import sys

PIECE = 1 << 16
ESTABLISHED = 600  # bytes in one direction, after which CURVE's handshake is over
FATES = {"none": 20, "rst": 12, "fin": 10, "half fin": 8, "stall": 7, "hole": 7, "drop": 18, "flip": 30, "repeat": 14, "refuse": 5}
LIFE_S_MEAN = 3
STALL_S = (1, 24)  # a heartbeat is given up after 20

counts = collections.Counter()


class Fate:
    """What will happen to a connection, where in the stream, and how slow it is."""

    def __init__(self, chance):
        self.what = chance.choices(list(FATES), FATES.values())[0]
        self.to_server = chance.random() < 0.5
        self.at = int(2 ** (chance.uniform(3, 9) if chance.random() < 0.3 else chance.uniform(9, 14)))
        self.n = chance.choice((1, 1, 1, 2, 7, 100, 5000))
        self.bit = 1 << chance.randrange(8)
        self.life_s = chance.expovariate(1 / LIFE_S_MEAN)
        self.stall_s = chance.uniform(*STALL_S)
        self.delay_s = chance.choice((0, 0, 0.001, 0.01, 0.04))
        self.piece = chance.choice((PIECE, PIECE, PIECE, 1000, 37))
        self.chance = chance


class Connection:
    def __init__(self, network, fate, ends):
        self.network = network
        self.fate = fate
        self.ends = ends  # (reader, writer) of client and server
        self.over = asyncio.Event()

    async def live(self):
        tasks = [asyncio.create_task(self.carry(0, 1, True)), asyncio.create_task(self.carry(1, 0, False)),
                 asyncio.create_task(self.over.wait())]
        if self.fate:
            tasks.append(asyncio.create_task(self.age()))
        try:
            await asyncio.gather(tasks[0], tasks[1])
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            for task in tasks:
                task.cancel()
            self.end(reset=False)

    async def age(self):
        await asyncio.sleep(self.fate.life_s)
        counts["cut by age"] += 1
        self.end(reset=True)

    def end(self, reset):
        self.over.set()
        for _, writer in self.ends:
            if reset and not writer.is_closing():
                try:
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                except OSError:
                    pass
                writer.transport.abort()
            else:
                writer.close()

    async def carry(self, source, target, to_server):
        reader, writer = self.ends[source][0], self.ends[target][1]
        fate = self.fate if self.fate and self.fate.to_server == to_server else None
        slow = self.fate
        passed = 0
        while not self.over.is_set():
            data = await reader.read(slow.piece if slow else PIECE)
            if not data:
                writer.write_eof()
                return
            if slow and slow.delay_s:
                counts["pieces delayed"] += 1
                await asyncio.sleep(slow.delay_s * slow.chance.random())
            if fate and passed <= fate.at < passed + len(data):
                harmed = await self.harm(data, fate.at - passed, fate, writer)
                if harmed is None:
                    return
                passed += len(data)
                data, fate = harmed, None
            else:
                passed += len(data)
            writer.write(data)
            await writer.drain()

    async def harm(self, data, at, fate, writer):
        """What goes on instead of `data`; None: nothing more."""
        what = fate.what
        if what in ("none", "refuse"):
            return data
        counts[what] += 1
        if fate.at > ESTABLISHED:
            counts[f"{what} in a session"] += 1
        if what == "flip":
            return data[:at] + bytes(byte ^ fate.bit for byte in data[at:at + fate.n]) + data[at + fate.n:]
        if what == "drop":
            return data[:at] + data[at + fate.n:]
        if what == "repeat":
            return data[:at] + data[max(0, at - fate.n):at] + data[at:]
        writer.write(data[:at])
        if what == "rst":
            await writer.drain()
            self.end(reset=True)
        elif what == "fin":
            self.end(reset=False)
        elif what == "half fin":
            writer.write_eof()
            await self.over.wait()
        elif what == "stall":  # this direction stands still: what comes is left unread
            await asyncio.sleep(fate.stall_s)
            self.end(reset=True)
        elif what == "hole":  # what comes is taken, and gone
            reader = self.ends[0 if fate.to_server else 1][0]
            try:
                await asyncio.wait_for(self.swallow(reader), fate.stall_s)
            except TimeoutError:
                pass
            self.end(reset=True)
        return None

    async def swallow(self, reader):
        while await reader.read(PIECE):
            pass
        await self.over.wait()


class Network:
    def __init__(self, seed):
        self.seed = seed
        self.stormy = False
        self.connections = set()
        self.numbers = collections.Counter()

    async def accept(self, lane, target, reader, writer):
        self.numbers[lane] += 1
        fate = Fate(random.Random(f"{self.seed}/{lane}/{self.numbers[lane]}")) if self.stormy else None
        counts["connections"] += 1
        if fate and fate.what == "refuse":
            counts["refuse"] += 1
            writer.transport.abort()
            return
        try:
            server = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(self, fate, ((reader, writer), server))
        self.connections.add(connection)
        try:
            await connection.live()
        finally:
            self.connections.discard(connection)

    def obey(self, command):
        if command == "storm":
            self.stormy = True
        elif command == "calm":
            self.stormy = False
            for connection in list(self.connections):
                connection.end(reset=True)
        elif command == "counts":
            print(json.dumps(counts), flush=True)


async def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--seed", required=True)
    words.add_argument("lanes", nargs="+", metavar="PORT:TARGET")
    given = words.parse_args()
    network = Network(given.seed)
    for lane, ports in enumerate(given.lanes):
        port, target = (int(number) for number in ports.split(":"))
        await asyncio.start_server(lambda reader, writer, lane=lane, target=target: network.accept(lane, target, reader, writer),
                                   "127.0.0.1", port)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    print("ready", flush=True)
    while line := await commands.readline():
        network.obey(line.decode().strip())


if __name__ == "__main__":
    asyncio.run(main())
