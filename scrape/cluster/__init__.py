"""Gathering past one machine: inputs become shards, and shards a corpus, by tasks that any worker can do or repeat.

Three stages, each a function of files whose results are files: `read` (a task for each input), `survey` (one process),
`write` (a task for each shard). `engine` runs tasks in this process, in a pool of processes, or on a Dask cluster.
"""
