"""Other punctuation: a decimal comma, dashes, an umlaut; a constant outside the function."""

ANSWERS = {
    "normals": "Müde Ärmel – the sleeves, that is: long ones, short ones, none. The chest hardly differs.",
    "anomalies": "Nearest: shirts, T-shirts with longer sleeves. Farthest away: thin dark sandals, low in the image.",
    "threshold": "Hardly. AUROC 0,62 – so of five pairs of a T-shirt and something else two come in the wrong order.",
    "model": "Sleeve, collar, length, print; in short, all that varies among T-shirts. Heels, straps and handles: no.",
}


def answer_eda_questions():
    return ANSWERS
