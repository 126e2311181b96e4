"""What brings a kiosk to life and keeps it alive: set-up, configuration, releases. It knows nothing of lending."""
