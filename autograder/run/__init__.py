"""Joins the stages: one submission, a class, a cluster."""
