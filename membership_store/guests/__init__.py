"""Guests of other libraries (G1 to G10): asking their home, enrolling them, checking them every night."""
