"""How a host and a player in another process talk: the nouns, the law, the bytes. Knows no agent.

`messages` says what can be said and when, `session` turns bytes into messages and back, `translate` stands between them and a match,
`table` holds one match between sessions; `dial` and `visit` are a player's line to a host. docs/protocol.md describes it all for clients
in any language.
"""
