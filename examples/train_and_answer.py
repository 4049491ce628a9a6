"""The whole path in 25 lines, from a data set to a drawn digit. It trains for a few seconds.

Run it from the project's folder: python -m examples.train_and_answer
"""

import numpy as np
from PIL import Image, ImageDraw

import mlcore

split = mlcore.split_dataset(mlcore.load_dataset("mnist"), dev_size=1000, seed=1)
run = mlcore.TrainingRun(mlcore.NetworkConfig(hidden_sizes=(128,)), mlcore.TrainingConfig(epochs=3))
for record in mlcore.train(run, split):
    if isinstance(record, mlcore.EpochMetrics):
        print(f"epoch {record.epoch:.0f}: {record.dev_accuracy:.1%} of the dev set are right")

mlcore.save_model(run.model(), "my-model.npz")
model = mlcore.load_model("my-model.npz")
test = mlcore.load_dataset("mnist-test")
print(f"{mlcore.accuracy(test.labels, model.predict(test.images)):.1%} of images never seen before are right")

canvas = Image.new("L", (280, 280))  # black paper, white pen
ImageDraw.Draw(canvas).line([(70, 60), (210, 60), (130, 230)], fill=255, width=20, joint="curve")
image = model.image_from_drawing(np.array(canvas))
probabilities = model.predict_probabilities(image[None])[0]
print(f"This is a {model.class_names[probabilities.argmax()]} ({probabilities.max():.0%} sure)")
