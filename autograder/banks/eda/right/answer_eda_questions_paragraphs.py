"""Plain texts, joined from parts."""


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
            "No. The AUROC of the mean intensity is 0.62, little better than the 0."
            "5 of guessing, and more than seven tenths of the histograms overlap."
        ),
        "model": (
            "It must describe sleeves, lengths and prints of normal shirts, each wi"
            "th its own grey, but not shoes or bags, or it would rebuild these as well."
        ),
    }
