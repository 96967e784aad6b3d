"""The files of a job, as both sides of the wall name them."""

CELLS = "cells.json"  # for the candidate: sources, no seed
EXAM = "exam.json"  # for the examiner: seeds
ARRAYS = "arrays.safetensors"  # for the examiner
