"""Draws a cover for every book: the same one each time, from nothing but its title and author.

It uses presentation attributes only, so it shows under a policy that forbids inline styles.
"""

from __future__ import annotations

import random
import textwrap
import zlib
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

WIDTH, HEIGHT = 200, 300

# Ground, motif, second motif, lettering: chosen to be legible together.
PALETTES = (
    ("#17324d", "#e8b04a", "#2f5f86", "#fdf6e3"),
    ("#5a1f2b", "#e9c9a6", "#8c3b45", "#fff4e6"),
    ("#1f4037", "#d7c26b", "#3b6f5d", "#f5f3e4"),
    ("#efe3c8", "#b5482f", "#d9b778", "#3a2419"),
    ("#2b2547", "#f0a6a0", "#51457f", "#f7eefb"),
    ("#e4ecec", "#2f6f7a", "#a9c9c7", "#14343a"),
    ("#f3d9c9", "#7a3b5d", "#dda68f", "#3d1930"),
    ("#22313a", "#7fc0b4", "#3c5560", "#f0f6f4"),
    ("#d9dfc3", "#55692f", "#a6b57a", "#26310f"),
    ("#3b2a1d", "#dd8b3d", "#6b4a30", "#fbeedd"),
)


def draw(title: str, author: str) -> SafeString:
    """Return the cover as an SVG element. It is decorative: the title stands next to it."""
    seed = zlib.crc32(f"{title}\n{author}".encode())
    # Not for secrets: it only has to give the same picture again.
    chance = random.Random(seed)  # noqa: S311
    ground, first, second, ink = chance.choice(PALETTES)
    motif = chance.choice(MOTIFS)(chance, first, second)
    return format_html(
        '<svg class="cover" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">'
        '<rect width="100%" height="100%" fill="{}"/>{}{}{}'
        '<rect width="7" height="100%" fill="#000" fill-opacity="0.18"/>'
        '<rect x="7" width="2" height="100%" fill="#fff" fill-opacity="0.14"/></svg>',
        WIDTH,
        HEIGHT,
        ground,
        motif,
        _title(title, ink),
        format_html(
            '<text x="104" y="282" font-family="Georgia, serif" font-size="11" font-style="italic" '
            'text-anchor="middle" fill="{}">{}</text>',
            ink,
            textwrap.shorten(author, 32, placeholder="…"),
        ),
    )


def _title(title: str, ink: str) -> SafeString:
    size, per_line = (22, 13) if len(title) <= 40 else (17, 17)  # noqa: PLR2004
    lines = textwrap.wrap(title, per_line, max_lines=5, placeholder="…") or [""]
    if max(map(len, lines)) > per_line - 2:
        size -= 3
    return format_html(
        '<g font-family="Georgia, serif" font-weight="bold" font-size="{}" text-anchor="middle" '
        'fill="{}">{}</g>',
        size,
        ink,
        format_html_join(
            "",
            '<text x="104" y="{}">{}</text>',
            ((44 + index * (size + 5), line) for index, line in enumerate(lines)),
        ),
    )


def _sun(chance: random.Random, first: str, second: str) -> SafeString:
    x, rings = chance.randint(60, 150), chance.randint(3, 5)
    return format_html_join(
        "",
        '<circle cx="{}" cy="225" r="{}" fill="{}" fill-opacity="{}"/>',
        (
            (x, 22 + 17 * ring, first if ring == 0 else second, 1 if ring == 0 else 0.45)
            for ring in reversed(range(rings))
        ),
    )


def _waves(chance: random.Random, first: str, second: str) -> SafeString:
    top = chance.randint(165, 190)
    step = chance.choice((20, 25, 40))

    def wave(y: int) -> str:
        humps = " ".join(f"q {step / 2} {-step / 2} {step} 0" for _ in range(WIDTH // step + 1))
        return f"M 0 {y} {humps} V {HEIGHT} H 0 Z"

    return format_html_join(
        "",
        '<path d="{}" fill="{}" fill-opacity="{}"/>',
        (
            (wave(top + 22 * row), first if row == 1 else second, 0.9 if row == 1 else 0.6)
            for row in range(4)
        ),
    )


def _hills(chance: random.Random, first: str, second: str) -> SafeString:
    def ridge(low: int, high: int) -> str:
        points = (f"{x},{chance.randint(low, high)}" for x in range(0, WIDTH + 1, 40))
        return f"0,{HEIGHT} {' '.join(points)} {WIDTH},{HEIGHT}"

    return format_html(
        '<circle cx="{}" cy="178" r="17" fill="{}"/>'
        '<polygon points="{}" fill="{}" fill-opacity="0.65"/><polygon points="{}" fill="{}"/>',
        chance.randint(50, 160),
        first,
        ridge(180, 225),
        second,
        ridge(220, 258),
        second,
    )


def _beams(chance: random.Random, first: str, second: str) -> SafeString:
    x = chance.randint(70, 140)
    return format_html(
        '<polygon points="{0},196 0,150 0,186" fill="{1}" fill-opacity="0.55"/>'
        '<polygon points="{0},196 200,206 200,242" fill="{1}" fill-opacity="0.55"/>'
        '<polygon points="{2},265 {3},204 {4},204 {5},265" fill="{6}"/>'
        '<circle cx="{0}" cy="196" r="8" fill="{1}"/>'
        '<rect y="263" width="200" height="37" fill="{6}" fill-opacity="0.5"/>',
        x,
        first,
        x - 13,
        x - 7,
        x + 7,
        x + 13,
        second,
    )


def _leaves(chance: random.Random, first: str, second: str) -> SafeString:
    x = chance.randint(85, 125)
    return format_html(
        '<path d="M {0} 268 V 168" stroke="{1}" stroke-width="2.5"/>{2}',
        x,
        first,
        format_html_join(
            "",
            '<ellipse cx="{}" cy="{}" rx="19" ry="7.5" fill="{}" transform="rotate({} {} {})"/>',
            (
                (
                    x + side * 19,
                    y,
                    first if (y // 20) % 2 else second,
                    -side * 28,
                    x + side * 19,
                    y,
                )
                for y in range(180, 260, 20)
                for side in (-1, 1)
            ),
        ),
    )


def _grid(chance: random.Random, first: str, second: str) -> SafeString:
    return format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="{}" fill="{}"/>',
        (
            (x, y, chance.choice((3, 5, 8, 10)), first if chance.random() < 0.3 else second)  # noqa: PLR2004
            for x in range(24, 200, 26)
            for y in range(170, 268, 26)
        ),
    )


def _arches(chance: random.Random, first: str, second: str) -> SafeString:
    lit = chance.randrange(4)
    return format_html_join(
        "",
        '<path d="M {0} 264 v -52 a 17 17 0 0 1 34 0 v 52 z" fill="{1}"/>',
        ((18 + 44 * index, first if index == lit else second) for index in range(4)),
    )


MOTIFS = (_sun, _waves, _hills, _beams, _leaves, _grid, _arches)
