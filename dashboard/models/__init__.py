"""Which model answers: the choice, and the controls for it.

Draw and Evaluate use it alike.
"""
