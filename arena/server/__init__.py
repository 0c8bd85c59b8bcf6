"""Hosting matches for players elsewhere: who may come in, who plays whom, recordings, transports, spectators.

`hall` decides and knows no socket; `doors` carries its bytes over TCP, websockets and Unix sockets; `scribe` brings recordings to the disk.
"""
