"""The demonstration: store, simulated hardware, kiosk and workbench, each a process, started by command line only."""
