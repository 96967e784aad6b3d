"""Reference answers of 09-ethics: Ethics: whom the detector helps, and whom it can harm.

Exported from source/09-ethics/ethics.ipynb by `course export`. Do not edit: change the notebook and export again.
"""


def ethical_impact_assessment() -> str:
    """An assessment of NovaSilicon's inspection system: what it does to people, and what should be done about it.

    Returns:
        The text, 300 to 500 words, on four themes: failure-mode impact, automation bias, worker displacement, and
        regulatory compliance (ISO 9001, IATF 16949).

    Steps:
        1. For each theme, say who is affected, and by what mechanism.
        2. Use a number where there is one: from the case study, the experiments above, or earlier notebooks.
        3. Propose one concrete mitigation for each risk, and say how one would notice that it does not work.
        4. Weigh benefits against risks, and recommend something.

    Hints:
        - Three quotation marks at each end make a text of several lines.
        - The rubric above tells what a reader looks for.
    """
    return """
    NovaSilicon's detector should go into pilot production. It looks at every wafer at once, and a fault found after
    one day instead of eleven spares customers as well as us. Four risks decide whether it may stay.

    Failure-mode impact. A faulty chip that we pass may sit in a brake or steering controller. It fails in traffic,
    months later, and injures people who never dealt with us, before a recall reaches the rest of the lot. At 5 %
    false alarms and a true positive rate of 60 %, our false negative rate is 40 %. The inspectors' 22 % counts
    disagreement, not misses, so the two can be compared only on the same wafers of known state. Mitigation: scores
    near the threshold go to two inspectors, 2 % of passed wafers are opened at random, and we return to manual
    inspection when the upper confidence limit of the miss rate exceeds what the customer accepted.

    Automation bias. At 1 % faulty wafers, nine alarms in ten are false and nearly every pass is right, so
    inspectors learn that agreeing is safe. If they always agree, we pay for a second opinion that does not exist,
    and their labels teach the next model its own mistakes. Mitigation: the score is shown only after a verdict is
    entered, and planted defects measure vigilance every week. Below 90 % caught, shifts are shortened.

    Worker displacement. With 80 % automated, today's pace leaves work for about six of 28 inspectors; hiding that
    would cost us their cooperation. They can also gain: auditing passed wafers, curating labels and analysing
    process faults use what they know, and spare them routine. Mitigation: three phases over 18 months (shadow
    operation, review of borderline cases, full duty), paid retraining, no dismissals before the third, and a
    representative in the group that approves each step. Its success shows in how many remain, by choice.

    Regulatory compliance. Our customers require IATF 16949, which builds on ISO 9001. To an auditor the detector is
    inspection equipment whose fitness must be shown. Mitigation: a validation protocol fixes samples, truth and
    acceptance limits beforehand and includes an attribute agreement study of model and inspectors. A new threshold,
    weight file or camera is a change: assessed, revalidated, approved and, where contracts say so, notified before
    use. Every verdict is stored with wafer, image hash, versions and reviewer, so that a field failure leads back
    to a bounded set of lots. We revalidate yearly, well before recertification, and keep manual inspection as the
    approved fallback.

    On balance the benefits outweigh the risks, provided that an owner outside production reports one indicator for
    each of the four every month, and may stop the line.
    """
