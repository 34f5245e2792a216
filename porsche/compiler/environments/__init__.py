"""Bundled environments: what tables physically are, one YAML file each."""
