"""Receivers whose source the rules read; none of them is ever called."""
