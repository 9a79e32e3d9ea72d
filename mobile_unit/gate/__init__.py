"""The gate: every check that must hold before matching may start. Pure; `passing.gate` says the order."""
