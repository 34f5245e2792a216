"""Trained models: their versions, weights and predictions."""
