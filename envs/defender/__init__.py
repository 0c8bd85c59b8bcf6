"""Defender games: one side guards a secret and steers what the other comes to believe. One file or folder is one game."""
