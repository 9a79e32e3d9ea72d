"""The rules as pure functions with their ids: values in, findings out."""
