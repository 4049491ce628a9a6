"""What a run leaves behind for other programs: a script and a notebook for NumPy alone, and safetensors.

Each is made from a trained model, which carries all that its run was (`Passport`).
"""
