"""Rules over what is connected now, and over modules that were to connect more."""
