"""Three drawings that between them use every verb: a board of stones, a card table, a chequered board."""

from __future__ import annotations

from envs.canvas import Canvas, seat_colour

STONES = ["       ", "       ", "   0   ", "  01   ", " 010 1 ", "1001 01"]


def connect_four() -> Canvas:
    canvas = Canvas(7, 7)
    canvas.rect(0, 1, 7, 6, "board")
    for column in range(7):
        canvas.text(column + 0.5, 0.5, str(column + 1), "muted")
        for row, stones in enumerate(STONES):
            stone = stones[column]
            canvas.disc(column + 0.5, row + 1.5, 0.4, "hole" if stone == " " else seat_colour(int(stone)))
    canvas.rect(3, 3, 1, 1, "highlight", filled=False)
    return canvas


def card_table() -> Canvas:
    canvas = Canvas(16, 9)
    canvas.rect(0, 0, 16, 9, "grass")
    canvas.text(8, 0.5, "Leduc poker")
    for x, card, colour in ((4, "K♥", "bad"), (7, "?", "muted"), (10, "Q♠", "ink")):
        canvas.rect(x, 2.5, 2, 3, "card")
        canvas.text(x + 1, 4, card, colour)
    canvas.text(8, 7, "pot 14", "gold")
    canvas.text(0.5, 8.5, "you: 12", anchor="left")
    canvas.text(15.5, 8.5, "Zoë 日本: 8", anchor="right")
    return canvas


def chequered() -> Canvas:
    canvas = Canvas(8, 8)
    for cell in range(64):
        x, y = cell % 8, cell // 8
        canvas.rect(x, y, 1, 1, "dark" if (x + y) % 2 else "light")
        if (x + y) % 2 and y not in (3, 4):
            canvas.disc(x + 0.5, y + 0.5, 0.38, "seat0" if y < 4 else "seat1")
    canvas.sprite(3.5, 3.5, "king", "seat0")
    canvas.sprite(4.5, 4.5, "queen", "seat1")
    canvas.line(0.5, 4.5, 2.5, 4.5, "accent")
    canvas.disc(6.5, 4.5, 0.3, "good", filled=False)
    return canvas


BOARDS = {"connect four": connect_four, "card table": card_table, "chequered": chequered}
