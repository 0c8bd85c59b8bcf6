"""A package of our own, because a library that tests compare with installs another one of this name."""
