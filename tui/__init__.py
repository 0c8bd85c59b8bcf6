"""Screens over tapes, and the keys of the human seat.

The top layer: it imports everything below, and nothing imports it except by name. It never touches a match.
Only here is textual imported, and importing this package alone does not load it.
"""
