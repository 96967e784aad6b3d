"""What every other folder builds on: the course on disk, notebooks as data, the records that travel."""
