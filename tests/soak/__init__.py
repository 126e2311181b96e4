"""Two stores, twenty kiosks, lines that are cut at random for hours: at the end the ledgers agree event by event."""
