"""Face detectors, one file per family; each returns faces with five landmarks in pixels of the picture it was given."""
