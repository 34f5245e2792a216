"""Projects, pipelines and their revisions, runs, who may do what."""
