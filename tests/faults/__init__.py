"""What can go wrong around us, done on purpose."""
