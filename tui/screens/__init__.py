"""Whole screens of the terminal: each reads tapes and settings, and knows its keys from a table of commands."""
