"""Savepoints: a job's state in a folder of its own, which needs nothing else and can be kept, moved and restored.

    made = make(state, target, name="before-the-change")     # from the newest checkpoint of a state folder
    found = open_savepoint(target)                           # the manifest, checked
    found.checkpoint()                                       # what operators are restored from
    describe(found.checkpoint())                             # what is in it, by operator

`manifest.json` says what there is, for people and programs; beside it lie data files (`engine.state.files`), the
versions of the models that the state goes on from, and what the run kept in its own folder: metrics, dead letters,
rows of the embedded store, files of its sinks. Every file is under a checksum. Any number of shards restores it.
"""
