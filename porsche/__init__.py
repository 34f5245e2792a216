"""Porsche: pipelines that become Flink SQL, and the commands that run them."""
