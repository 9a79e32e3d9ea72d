"""`lfr-verify`: checks an export with nothing but the export, the root keys and the witness keys.

Standard library and cryptography only, and no line shared with the programs it checks: a mistake there is not repeated here.
"""
