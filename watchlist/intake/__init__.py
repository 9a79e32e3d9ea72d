"""From CSV and photos to entries with templates, every refusal with its reason."""
