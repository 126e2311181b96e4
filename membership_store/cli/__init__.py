"""The command line `membership-store`: a module a subject, each with a `register(commands)`; program.py runs them."""
