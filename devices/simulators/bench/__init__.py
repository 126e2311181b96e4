"""The workbench: a local web page that drives the simulated hardware and shows the kiosk's screen, all from outside."""
