"""Batch verification: is what a stream wrote what one bounded run over the same input writes?"""
