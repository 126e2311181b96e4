"""Who answers for the library: the store, and the journal that stands before it."""
