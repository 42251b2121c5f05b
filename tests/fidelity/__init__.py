"""The do-no-harm gate: programs run the same with us as without us."""
