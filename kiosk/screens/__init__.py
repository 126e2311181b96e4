"""What the patron sees: one .py and one .kv a screen. A screen draws facts of `kiosk.ui` and tells intents, no more."""
