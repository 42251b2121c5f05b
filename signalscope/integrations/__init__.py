"""Adapters, one for each optional library; none imports another."""
