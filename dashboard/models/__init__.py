"""Which model answers: the choice, the controls for it, and the answers that are kept for all.

Draw and Evaluate use it alike; Runs compares models by their answers.
"""
