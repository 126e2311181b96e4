"""Barcode scanners: characters on a line to one text a scan."""
