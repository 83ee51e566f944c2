"""Several servers: which job goes where, and who carries it there."""
