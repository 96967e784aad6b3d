"""waferlab: the companion package of the wafer-defect course.

Support code for the notebooks (data, profiles, plots, device and seed set-up), the visible checks, and the exported
reference answers of earlier assignments. Importing it is cheap: torch is imported by the modules that need it.
"""

__version__ = "0.1.0"
