"""What the shop is meant to show: things that happen in it, and the traces they must leave."""
