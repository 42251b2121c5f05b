"""Rules over the source of receivers, which is read as syntax trees: nothing is imported or run."""
