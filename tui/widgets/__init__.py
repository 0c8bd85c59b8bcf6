"""Widgets that draw sheets of cells: the board, the scrub bar, policy bars and line charts.

They read what they are given and post messages; none of them knows a match or a file.
"""
