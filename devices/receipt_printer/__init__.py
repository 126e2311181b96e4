"""Receipt printers that speak ESC/POS: layout, encoding, status and the driver."""
