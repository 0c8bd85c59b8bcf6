"""How fast the games, matches and recordings are, each beside a peer in the same run on the same core.

`areas` is the catalogue of questions, `duel` asks one, `worker` is the process in which a side runs, `results` keeps rows in
files, `pages` writes them into the documentation. The other modules are sides: functions that set up what is timed.
A claim of speed is a ratio of two sides measured in turns; an absolute figure says only something about one machine.
"""
