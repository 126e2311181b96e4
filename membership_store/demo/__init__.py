"""Demo data: two fictitious networks that show every rule. Nobody in them exists."""
