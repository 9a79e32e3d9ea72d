"""Who may decide what, and the proof of it: roster, applications, authorities, rules, the ledger, reports."""
