"""The pitfalls of signals, one module each: the bad form and the good one, side by side.

Nothing here is connected while the shop is open. A scenario connects what it shows, and disconnects
it again.
"""
