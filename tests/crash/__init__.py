"""Power cuts: what a real process asked of the disk is recorded, and every disk that a cut may leave is looked at."""
