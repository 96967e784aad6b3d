"""Empty texts.

fails: normals, anomalies, threshold, model
most: 0
demo: wrong
"""


def answer_eda_questions():
    return {"normals": "", "anomalies": "", "threshold": "", "model": ""}
