"""From results to people: gradebook, tables, pages. Nothing here executes anything."""
