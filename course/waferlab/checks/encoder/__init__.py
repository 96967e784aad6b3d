"""Visible checks of assignment 04: the encoder's forward pass, the reparameterisation and the KL divergence.

A module a task. Checks that a careless answer passes by accident count only together with one that it cannot pass.
"""

from waferlab.checks.core import by_name
from waferlab.checks.encoder.forward import FORWARD
from waferlab.checks.encoder.kl_divergence import KL_DIVERGENCE
from waferlab.checks.encoder.reparameterize import REPARAMETERIZE

TASKS = by_name(FORWARD, REPARAMETERIZE, KL_DIVERGENCE)
