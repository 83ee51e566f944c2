"""Image tokens in the runner: what a run will cost, who pays for it, and when."""
