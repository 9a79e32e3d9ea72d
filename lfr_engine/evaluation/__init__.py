"""Measuring the pipeline on labelled faces: who chose a threshold never sees the people it is judged on."""
