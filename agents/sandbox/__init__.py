"""Walls around a program that nobody vouches for: what this machine can build, and the process that builds them.

`walls` says what there is and what a mode asks for; `jail` is the program that raises the walls, runs the agent behind them and, at the
end, leaves nothing of it. No wall here holds against a fault of the kernel: strangers' programs of a public ladder want machines of
their own.
"""
