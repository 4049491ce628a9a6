"""Activations, losses, initialisers, optimizers and learning-rate schedules: tables of small formulas.

Read these first. The network and the training look their formulas up here by name.
"""
