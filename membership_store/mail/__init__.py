"""K9: receipts by mail: what a letter is, the relay that takes it, and the queue in between (ADR 30)."""
