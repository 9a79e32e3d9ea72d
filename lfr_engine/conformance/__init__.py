"""Tries a matcher against the pipe protocol of docs/matcher-protocol.md, as a unit would use it: `lfr models conform`.

`talk` runs one matcher process and believes it no more than the unit does; `trials` are the questions put to it.
"""
