"""Jobs on a server, from submission to their results."""
