"""The worker's side of Plinth's Python models."""
