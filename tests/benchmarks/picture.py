"""The growth curves as SVG, written by hand: a plotting library would be half the environment."""

from __future__ import annotations

import math
from html import escape

WIDTH, HEIGHT = 330, 300
LEFT, RIGHT, TOP, BOTTOM = 50, 20, 62, 46
WITHIN = 1.3
STYLE = """
text { font: 12px "DejaVu Sans", sans-serif; fill: #333 }
.title { font-size: 13px; font-weight: bold; fill: #111 }
.small { font-size: 10px; fill: #666 }
.grid { stroke: #e4e4e4 }
.band { fill: #dcebf7 }
.ours { fill: none; stroke: #1f6fb2; stroke-width: 2 }
.dot { fill: #1f6fb2 }
.plain { fill: none; stroke: #999; stroke-width: 1.5; stroke-dasharray: 4 3 }
"""


def picture(curves):
    """Return one chart beside the other."""
    charts = "".join(_chart(curve, at * WIDTH) for at, curve in enumerate(curves))
    width, height = WIDTH * len(curves), HEIGHT + 34
    legend = (
        f'<g transform="translate({LEFT} {HEIGHT + 14})">'
        '<line class="ours" x1="0" x2="24" y1="-4" y2="-4"/>'
        '<text x="30">added by recording</text>'
        '<line class="plain" x1="180" x2="204" y1="-4" y2="-4"/>'
        '<text x="210">Django alone</text>'
        '<rect class="band" x="330" y="-11" width="24" height="13"/>'
        f'<text x="360">from the least to {WITHIN:g} times the least: within it, it is flat</text>'
        "</g>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><style>{STYLE}</style>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{charts}{legend}</svg>\n'
    )


def _chart(curve, left):
    micro = [cost / 1000 for cost in curve.costs]
    plain = [cost / 1000 for cost in curve.plain]
    top = 1.15 * max(*micro, *plain, WITHIN * min(micro))
    first, last = math.log10(curve.sizes[0]), math.log10(curve.sizes[-1])

    def x(size):
        return LEFT + (math.log10(size) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(cost):
        return HEIGHT - BOTTOM - cost / top * (HEIGHT - TOP - BOTTOM)

    def line(costs, css):
        points = " ".join(
            f"{x(size):.1f},{y(cost):.1f}" for size, cost in zip(curve.sizes, costs, strict=True)
        )
        return f'<polyline class="{css}" points="{points}"/>'

    step = _step(top)
    explained = f"µs for {curve.unit}; most / least {curve.spread:.2f}"
    parts = [
        f'<text class="title" x="{LEFT}" y="22">{escape(curve.name)}</text>',
        f'<text class="small" x="{LEFT}" y="38">{escape(explained)}</text>',
    ]
    for number in range(int(top / step) + 1):
        at = y(number * step)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class="small" text-anchor="end" x="{LEFT - 6}" y="{at + 4:.1f}">'
            f"{number * step:g}</text>"
        )
    least = min(micro)
    parts.append(
        f'<rect class="band" x="{LEFT}" width="{WIDTH - LEFT - RIGHT}" '
        f'y="{y(WITHIN * least):.1f}" height="{y(least) - y(WITHIN * least):.1f}"/>'
    )
    parts += [line(plain, "plain"), line(micro, "ours")]
    for size, cost in zip(curve.sizes, micro, strict=True):
        parts.append(
            f'<circle class="dot" cx="{x(size):.1f}" cy="{y(cost):.1f}" r="3">'
            f"<title>{size:,}: {cost:.3f} µs</title></circle>"
        )
    for size in _labelled(curve.sizes):
        parts.append(
            f'<text class="small" text-anchor="middle" x="{x(size):.1f}" '
            f'y="{HEIGHT - BOTTOM + 16}">{size:,}</text>'
        )
    return f'<g transform="translate({left} 0)">{"".join(parts)}</g>'


def _labelled(sizes):
    """Leave out what would stand upon its neighbour."""
    spread = math.log10(sizes[-1] / sizes[0])
    labelled = [sizes[-1]]
    for size in reversed(sizes[:-1]):
        if math.log10(labelled[-1] / size) > spread / 7:
            labelled.append(size)
    return labelled


def _step(top):
    """Return a round step of which four to eight make `top`."""
    power = 10 ** math.floor(math.log10(top / 4))
    return max(step * power for step in (1, 2, 5) if step * power <= top / 4)
