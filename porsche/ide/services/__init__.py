"""Everything that writes: functions with keyword-only arguments, each in a transaction."""
