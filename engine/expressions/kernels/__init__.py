"""Compiled kernels of the expressions. Imported lazily: only modules in here import numba."""
