"""Simulated hardware: separate processes that speak the real wire protocols on a pty or TCP."""
