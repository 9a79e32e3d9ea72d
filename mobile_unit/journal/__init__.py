"""The unit's journal: rows and ledger in one SQLite database, written by one process that others ask over a Unix socket.

`tables` rows, `asking` the requests and answers, `book` one transaction, `deployments` / `alerts` / `packages` what each
request does, `process` the one writer, `client` how to reach it.
"""
