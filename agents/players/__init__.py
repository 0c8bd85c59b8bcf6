"""How `scripted` plays: one file per game, named like the game, with `act(ask, options) -> Reply`.

A script acts from `ask.obs` and `ask.legal` alone, draws random numbers from `ask.key` and explains itself in one line.
"""
