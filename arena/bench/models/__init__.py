"""Measuring language models as players: paired matches against a fixed pool, what their answers were, what they cost.

`plan` says who meets whom, `running` plays it, `count` counts what happened, `report` makes figures of it, `page` a page of plots.
"""
