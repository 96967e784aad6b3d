"""How nbgrader sees this course.

From the folder above this one, with the environment activated (nbgrader calls `alembic`):

    JUPYTER_CONFIG_PATH=course jupyter lab                            # Create Assignment, Formgrader
    JUPYTER_CONFIG_PATH=course nbgrader generate_assignment 03-pca    # or plain `nbgrader …` inside this folder
"""

from pathlib import Path

from autograder.author.release import NBGRADER_STEPS

c = get_config()  # noqa: F821 - given by the loader of this file

c.CourseDirectory.course_id = "wafer-vae"
c.CourseDirectory.root = str(Path(__file__).resolve().parents[1])
c.CourseDirectory.solution_directory = "solutions"

# The same steps as `course release`, and the gradebook.
c.GenerateAssignment.preprocessors = NBGRADER_STEPS
c.ClearSolutions.code_stub = {
    "python": '# YOUR CODE HERE\nraise NotImplementedError("this task is not answered yet")',
}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

# `nbgrader autograde` runs notebooks in the small profile, as `course grade` does, and gives a cell five minutes.
c.Execute.timeout = 300
c.Execute.extra_arguments = [
    "--IPKernelApp.exec_lines=import os; os.environ.setdefault('WAFERLAB_PROFILE', 'smoke')",
]
