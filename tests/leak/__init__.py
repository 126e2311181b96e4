"""A stolen disk: identities are planted, a day of visits is run and killed, and every file is searched for them."""
