"""Many rows make one."""
