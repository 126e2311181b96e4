"""The touch screen: one patron's visit from pass to receipt."""
