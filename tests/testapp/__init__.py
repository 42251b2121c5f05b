"""An app with the smallest models."""
