"""Headless training: one readable file for each algorithm, and what they share. Importing this package loads none of them."""
