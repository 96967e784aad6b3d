"""Answers the question about the threshold without a number.

fails: threshold
least: 0.75
"""


def answer_eda_questions():
    return {
        "normals": (
            "Sleeves differ most: the spread image is bright where a sleeve may or "
            "may not be, and dark in the middle of the chest, where every shirt has cloth."
        ),
        "anomalies": (
            "Shirts and dresses look most like T-shirts, with an AUROC of about 0.7"
            " for the distance to the mean image; sandals and sneakers look least like them."
        ),
        "threshold": (
            "No, a threshold on the mean intensity would find hardly any anomalies,"
            " because the two histograms overlap in nearly all of their bins."
        ),
        "model": (
            "It must describe sleeves, lengths and prints of normal shirts, each wi"
            "th its own grey, but not shoes or bags, or it would rebuild these as well."
        ),
    }
