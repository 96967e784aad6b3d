"""Copies paragraphs of the case study.

fails: prose, misses, jobs, errors
most: 0
"""


def ethical_impact_assessment():
    return """\
**The labels are noisy.** Where two experts disagree on 22 % of pictures, no classifier trained on their
labels can be known to be better than about that. This is the first reason to learn from normal wafers only:
"normal" is the one label that is plentiful and that people agree on.

**New faults matter most.** A fault that is already known has a recipe against it. The expensive one has never
been seen, so no labelled example of it exists. This is the second reason: a model of the normal needs no
examples of faults.

- The review queue is ordered by score within an age limit; nothing waits longer than `max_review_hours`.
- An inspector sees image, reconstruction, heatmap, the nearest normal images, and the score's place among the last
  1,000 normals. The score itself is hidden until the verdict is given, or it would steer the verdict.
- A fixed share of images goes to two inspectors who do not see each other's verdict. Their agreement, today 78 %, is
  measured every week (Cohen's kappa beside the plain share, since most images are normal).
- `audit` images are the only estimate of what the machine misses: without looking at passed wafers, the miss rate of
  section 2 (R5) is unknown. The sample is drawn at random, not by score.
- An inspector can overrule any decision; the reason is a required field.

1. Candidates for training are images that passed, were at least as old as the discovery lag (11 days), and
whose wafer was not found faulty later. Younger images may hold a fault that nobody knows yet; training on it
would teach the model that the fault is normal. 2. Reviewed images with the verdict "normal" are added with
the weight that undoes their selection (they were chosen because they look unusual). 3. Data, code, seed and
settings are recorded; the same record gives the same model. 4. **Gate.** The candidate replaces the model
only if, on a fixed set of faults and on the last weeks' audit images, its AUROC and its TPR at the FPR of R4
are not below the present model's by more than their bootstrap intervals allow, it meets R1 and R2, and its
worst defect class (assignment 07) did not get worse.

Four themes run through this section: a miss harms people whom the plant never meets; a machine that is right
most of the time trains its inspectors to agree with it; 28 jobs change their content; and a model that has
seen one plant's normals calls another plant's normals defective.
"""
