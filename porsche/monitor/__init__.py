"""What runs tell while they work: live streams, metric history, Prometheus."""
