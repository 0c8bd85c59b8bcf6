"""Faces of a game for other libraries and for training. Each hangs on the rules and knows no game."""
