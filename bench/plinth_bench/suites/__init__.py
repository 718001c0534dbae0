"""The parts of the table. Each file's run(context) measures and adds its rows."""
