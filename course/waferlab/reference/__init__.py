"""The answers, one module per assignment, exported from the source notebooks by `course export`. Do not edit."""
