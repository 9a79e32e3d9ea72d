"""`python -m governance.witness` is `lfr-witness`."""

from governance.witness import main

main()
