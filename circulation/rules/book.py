"""The rule book: every id that there is. docs/rules.md is made of it."""

IDS = frozenset(
    f"{letter}{number}"
    for letter, last in (("K", 14), ("P", 8), ("G", 10), ("N", 12), ("S", 9), ("F", 5), ("A", 6))
    for number in range(1, last + 1)
)
