"""Guests: two stores that ask each other, and homes that are silent or talk nonsense."""
