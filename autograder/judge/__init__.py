"""From plain data to points: nothing here starts a process or reads the working folder."""
