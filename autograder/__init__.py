"""The instructor's side of the course: releases, solutions, and the grader."""
