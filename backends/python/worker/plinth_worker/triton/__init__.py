"""Triton's Python models: what triton_python_backend_utils offers them, and how they are run."""
