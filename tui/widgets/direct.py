"""Sends changed spans of a view to the terminal at once, where nothing lies over the view.

For any change Textual's compositor asks every visible widget for all its rows again, and sends a changed row from its
widget's left edge on: most of what a board costs that changes thirty times a second. Here the spans alone are sent. Whenever
anything is out of the ordinary (a layout to come, another screen or a message on top, a filter on the colours) the answer
is no, and the compositor does its work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from textual._compositor import CompositorUpdate
from textual.geometry import Offset, Region
from textual.strip import Strip

if TYPE_CHECKING:
    from rich.console import Console
    from textual.screen import Screen
    from textual.widget import Widget

__all__ = ["Place", "Spans", "together"]

_gathered: dict[Screen[Any], list[tuple[Offset, Strip]]] = {}
"""What screens that paint several views are about to send."""


class Spans(CompositorUpdate):
    """Strips and the cells of the screen where they begin."""

    def __init__(self, parts: Iterable[tuple[Offset, Strip]]) -> None:
        self.parts = parts

    def render_segments(self, console: Console) -> str:
        return "".join(f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for (x, y), strip in self.parts)


@contextmanager
def together(screen: Screen[Any]) -> Iterator[None]:
    """Send what the views of a screen push meanwhile in one piece at the end."""
    parts = _gathered[screen] = []
    try:
        yield
    finally:
        del _gathered[screen]
        if parts:
            screen.app._display(screen, Spans(parts))  # type: ignore[arg-type]


class Place:
    """Where a view lies on its screen while the layout stays as it is."""

    def __init__(self, view: Widget) -> None:
        self.view = view
        self._map: object = None
        self._corner: Offset | None = None
        self._inside = Offset()
        self.screen: Screen[Any] | None = None

    def corner(self) -> Offset | None:
        """The screen's cell at the view's first content cell; None while spans cannot be sent."""
        screen = self._shown_on()
        if screen is None:
            return None
        view, app = self.view, screen.app
        pending = screen._layout_required or screen._repaint_required or view._repaint_required
        if pending or app._batch_count or screen is not app.screen or app.is_inline or not view.display:
            return None
        visible = screen._compositor.visible_widgets
        if visible is not self._map:
            self._map, self._corner = visible, self._uncovered(visible)
        return self._corner

    def _shown_on(self) -> Screen[Any] | None:
        """The view's screen; None once the view, or what it lies in, was taken away."""
        if self.screen is None:
            self.screen = self.view.screen if self.view.is_attached else None
            return self.screen
        node: Any = self.view
        while node is not None and node is not self.screen:
            node = node._parent
        return node

    def _uncovered(self, visible: dict[Widget, tuple[Region, Region]]) -> Offset | None:
        """The corner, if the whole view is on the screen and no widget before it in the order of painting overlaps it."""
        region, clip = visible.get(self.view, (Region(), Region()))
        if not region or not clip.contains_region(region) or self.view.get_line_filters():
            return None
        for widget, (other, other_clip) in visible.items():
            if widget is self.view:
                self._inside = self.view.content_offset
                return region.offset + self._inside
            if other.intersection(other_clip).overlaps(region):
                return None
        return None

    def send(self, parts: Sequence[tuple[Region, Strip]]) -> bool:
        """Send strips to regions of the view; False, with nothing sent, while that is not possible."""
        corner, screen = self.corner(), self.screen
        if corner is None or screen is None:
            return False
        x, y = corner
        placed = [(Offset(region.x + x, region.y + y), strip) for region, strip in parts]
        # What is dirty is kept by the row.
        rows = {region.y: region for region, _ in parts}.values()
        self.view._styles_cache.set_dirty(*(region.translate(self._inside) for region in rows))
        if screen in _gathered:
            _gathered[screen] += placed
        else:
            screen.app._display(screen, Spans(placed))  # type: ignore[arg-type]
        return True
