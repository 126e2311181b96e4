"""Payment terminals: each protocol a codec and a driver behind `devices.ports.PaymentTerminal`."""
