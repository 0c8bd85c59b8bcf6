"""The checks behind `envs.check`: each is a function of a Trial that raises Failed with evidence, or returns a line of it."""
