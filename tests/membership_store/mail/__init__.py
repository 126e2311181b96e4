"""Receipts by mail."""
