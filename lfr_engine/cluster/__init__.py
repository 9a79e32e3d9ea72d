"""More than one machine: enrolling many photos and searching a list too long for one process, on Ray (extra `cluster`)."""
