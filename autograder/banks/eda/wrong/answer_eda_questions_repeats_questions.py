"""Repeats each question instead of answering it.

fails: normals, anomalies, threshold, model
most: 0
"""


def answer_eda_questions():
    return {
        "normals": ("What differs among normal images, and where in the image do they differ most? It depends."),
        "anomalies": ("Which kinds of anomaly look most like normal images, and which least? Some."),
        "threshold": ("Would a threshold on the mean intensity find the anomalies? Perhaps 0.6."),
        "model": ("What must a model of normal images be able to describe, and what must it not? All."),
    }
