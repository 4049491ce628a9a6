"""What all tests share: Hypothesis without a clock, since a busy machine is no failure.

It stands beside every test; fixtures of one part lie beside that part.
"""

from hypothesis import settings

settings.register_profile("digit-lab", deadline=None)
settings.load_profile("digit-lab")
