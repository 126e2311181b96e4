"""Patrons, passes, memberships, titles, items and the ISIL list as CSV files, in and out (docs/csv.md)."""
