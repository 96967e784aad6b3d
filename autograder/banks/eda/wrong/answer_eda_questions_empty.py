"""Empty texts.

fails: normals, anomalies, threshold, model
"""


def answer_eda_questions():
    return {"normals": "", "anomalies": "", "threshold": "", "model": ""}
