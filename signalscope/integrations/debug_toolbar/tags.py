"""What the panel's templates need beyond Django's own filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.template import Library
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.safestring import SafeString

    from signalscope.integrations.debug_toolbar.editors import Editor
    from signalscope.rendering.words import Place

register: Library = Library()


@register.filter
def opened_by(place: Place, editor: Editor) -> SafeString:
    """Return a place as a link to the editor, or as text where there is no such link."""
    address = editor.address(place)
    if not address:
        return format_html('<span title="{}">{}</span>', place.title, place.text)
    return format_html(
        '<a class="ss-link" href="{}" title="{} (opens in {})">{}</a>',
        address,
        place.title,
        editor.name,
        place.text,
    )


@register.filter
def at(sequence: Sequence[Any], place: int) -> Any:
    """Return the item at `place`."""
    return sequence[place]


@register.filter
def breakable(text: str) -> SafeString:
    """Return a name that may be broken behind its points and underscores."""
    escaped = escape(text).replace("_", "_<wbr>").replace(".", ".<wbr>")
    return mark_safe(escaped)  # noqa: S308 - escaped just before
