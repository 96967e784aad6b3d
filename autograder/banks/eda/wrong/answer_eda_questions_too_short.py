"""A few words for each question.

fails: normals, anomalies, threshold, model
"""


def answer_eda_questions():
    return {
        "normals": ("The sleeves."),
        "anomalies": ("Shirts most, sandals least."),
        "threshold": ("No, 0.62."),
        "model": ("Sleeves, but no shoes."),
    }
