"""What a run leaves behind for others: a script and a notebook for NumPy alone, safetensors, a web page.

Each is made from a trained model, which carries all that its run was (`Passport`).
"""
