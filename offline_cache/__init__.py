"""The kiosk's memory: what it did (precious) and, later, what it was told (replaceable)."""
