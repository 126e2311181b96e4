"""What lending means: facts, rules and answers. Pure: no clock, no socket, no file."""
