"""A sorted list and an index."""

import math


def threshold_from_validation(val_scores, target_fpr=0.05):
    ordered = sorted(val_scores)
    position = math.ceil((1 - target_fpr) * len(ordered)) - 1
    print("position", position)
    return ordered[position]
