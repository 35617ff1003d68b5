"""The detached process: takes in the inbox, runs jobs, syncs rows, pulls."""
