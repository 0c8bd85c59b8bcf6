"""Tournaments that survive anything: a plan from a file, its matches played by several processes, each result one transaction.

`plan` reads the file, `rounds` says what is to be played, `crew` plays it, `run` keeps the store; `arena.ratings` makes the table.
"""
