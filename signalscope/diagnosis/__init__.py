"""Rules that say what is wrong: their catalogue, and pure functions from records to findings."""
