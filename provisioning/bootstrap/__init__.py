"""One command on a bare Debian: system packages, virtual environment from hash-pinned locks, text catalogues.

Runs before anything is installed, so it is the standard library only.
"""
