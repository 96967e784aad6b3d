"""Lists keywords instead of writing sentences.

fails: prose
most: 0
demo: wrong
"""


def ethical_impact_assessment():
    words = (
        "missed defects harm safety recall patient customer liability injury. overlooked faulty chips accident danger. "
        "trust reliance automation complacency vigilance judgement. rubber stamp attention oversight doubt. "
        "jobs employment workforce layoffs wages salary union. reskilling careers staff expertise dignity redundancy. "
        "bias fairness false alarms error rates plants tools. drift calibration distribution groups classes worst. "
        "stakeholders governance transparency accountability audit documentation. responsibility compliance regulation "
        "policy. explainability interpretability heatmaps thresholds monitoring retraining validation. ethics values "
        "principles sustainability environment energy. privacy consent security robustness. human dialogue "
        "training culture leadership incentives. measurement metrics reporting review escalation appeal. lawmakers "
        "suppliers engineers managers investors citizens neighbours regulators. long-term short-term risks benefits "
        "trade-offs uncertainty precaution. "
    )
    adverbs = ["openly", "regularly", "jointly", "honestly", "patiently", "locally", "globally", "clearly"]
    verbs = ["monitor", "report", "improve", "mitigate", "document", "escalate", "evaluate", "communicate"]
    nouns = [noun.strip(".") for noun in words.split()[:9]]
    pairs = [f"{verb} {adverb} {noun}." for adverb, verb in zip(adverbs, verbs) for noun in nouns]
    return words + " ".join(pairs)
