"""People at the whole product, each as such people are: what they touch, scan and lay down, and what comes of it."""
