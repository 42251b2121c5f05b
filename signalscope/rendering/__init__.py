"""From a recording to text and data: pure functions."""
