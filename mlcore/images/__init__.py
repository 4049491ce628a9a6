"""Images before a network sees them: drawn, read from a file, resized, augmented, prepared as inputs.

Data sets, training and the drawing page all prepare their images with these functions.
"""
