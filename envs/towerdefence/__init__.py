"""Games of towers and waves: one file or folder here is one game."""
