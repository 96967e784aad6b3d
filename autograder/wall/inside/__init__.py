"""Exactly what a student's process can see of the grader: the worker and what it needs."""
