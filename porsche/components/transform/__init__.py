"""One row in, one row or none out."""
