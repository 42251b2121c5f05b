"""What the command can do, a module for each verb: options in, text and an exit status out."""
