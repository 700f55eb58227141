"""Second routes for tests: programs that share no code with `explain`."""
