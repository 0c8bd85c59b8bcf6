"""Self-play games: board, card, dice and matrix games. One file is one game; its name is the game's name."""
