"""What people touch: office and unit pages, and the command line."""
