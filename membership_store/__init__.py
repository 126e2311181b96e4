"""The central membership store: every library's patrons, loans and answers, in one process of its own."""
