"""The whole, from outside."""
