"""From `source/` to the generated trees: reference modules, releases, solutions, the students' repository."""
