"""Many jobs from a table, a list or a grid, with a journal that survives a crash."""
