"""What people read after grading: a feedback page for each student, a report about the class."""
