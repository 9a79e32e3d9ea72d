"""Model packs: a folder of models with a manifest that names every file by digest."""
