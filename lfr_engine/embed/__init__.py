"""Face networks: from a picture and its faces to unit vectors."""
