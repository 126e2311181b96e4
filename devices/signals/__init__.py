"""Sound and light for those who do not look at the screen."""
