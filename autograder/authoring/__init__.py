"""From the source notebooks to everything else: reference, releases, solutions, the students' repository."""
