"""Readers of chip passes: ISO/IEC 14443 type A, with NDEF text where the chip carries it."""
