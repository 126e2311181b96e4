"""Tests, in the tree of the rooms that they test; journeys/ drives the whole product by its wires."""
