"""Measures this program against what a user would pick instead: always both in one run, always as a ratio."""
