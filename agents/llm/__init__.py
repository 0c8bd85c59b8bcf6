"""Language models as seats: any chat-completions endpoint plays any game by its words.

`seat` is the player; `prompts`, `fence`, `memory`, `picture` make what the model reads, `reading` takes its answer apart; `transport`,
`patience`, `gateway` bring one to the other; `accounts`, `ledger` count what it costs; `secrets` keeps keys out of everything. Nothing
here decides a game: an answer is the model's own, or it is refused by the match, or the match is void.
"""
