"""Bytes and signals: readers, scanners and printers. This room knows no patron and no library."""
