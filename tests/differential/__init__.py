"""One decision, two desks: the store on its database, and the offline desk on a mirror that was pulled from it."""
