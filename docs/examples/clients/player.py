"""A player in 40 lines: python player.py ws://HOST:PORT TOKEN [MATCHES]. Needs the packages websockets and msgpack, nothing else."""

import random
import struct
import sys

import msgpack
from websockets.sync.client import connect


def frame(**message):
    data = msgpack.packb(message)
    return struct.pack(">I", len(data)) + data


def messages(pieces):
    buffer = b""
    for piece in pieces:
        buffer += piece
        while len(buffer) >= 4 and len(buffer) >= 4 + (size := struct.unpack(">I", buffer[:4])[0]):
            yield msgpack.unpackb(buffer[4 : 4 + size])
            buffer = buffer[4 + size :]


url, token, left = sys.argv[1], sys.argv[2], int((sys.argv[3:] or [1])[0])
with connect(url, compression=None) as line:
    line.send(frame(type="hello", versions=[1], token=token, name="player.py", wants=["fields"]))
    for message in messages(line):
        if message["type"] == "welcome":
            line.send(frame(type="join", matches=left))
        elif message["type"] == "ask":
            where = {name: message.get(name, 0) for name in ("match", "seat", "tick", "attempt")}
            line.send(frame(type="act", actions=[list(map(random.choice, message["legal"]["factors"]))], **where))
        elif message["type"] == "over":
            print("over", message["scores"], message["reason"], flush=True)
            left -= 1
        elif message["type"] == "beat":
            line.send(frame(type="beat"))
        if message["type"] == "error" or not left:
            sys.exit(message.get("text"))
