"""The five notebooks that this app grew out of, as recipes: what they did, to the letter where it matters.

`RECIPES` has them under the names used here. Where a notebook left something open (hidden neurons, a
learning rate lowered by hand), the card says what was chosen.
"""

from __future__ import annotations

from dataclasses import replace

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.split import SplitSettings
from mlcore.language import N_
from mlcore.recipes.recipe import Recipe, RecipeCard

# 42,000 images, as in Kaggle's train.csv: the first 1,000 of a shuffle are the dev set, the others train.
KAGGLE = SplitSettings(dev_size=1000, train_size=41_000)

_TEN_NEURONS = NetworkConfig(hidden_sizes=(10,), activation="relu", initialization="uniform")

_FULL_BATCH = TrainingConfig(
    optimizer="gradient_descent",
    learning_rate=0.10,
    batch_size=None,
    iterations=500,
    evaluate_every=10,
    train_sample=None,
    bias_gradient="summed",
)

_LEVELS = NetworkConfig(
    hidden_sizes=(10,),
    activation="sigmoid",
    initialization="uniform_positive",
    loss="squared_error",
    scaling="levels",
)

_ONE_IMAGE = TrainingConfig(
    optimizer="gradient_descent",
    learning_rate=1.0,
    batch_size=1,
    iterations=10 * 26 * 50,
    sample_size=50,
    evaluate_every=26 * 50,
    train_sample=None,
)

_IN_ORDER = SplitSettings(dev_size=540, shuffle=False)

_ALIKE = N_(
    "With weights that are all positive, all hidden neurons start out much alike, and it takes two rounds "
    "until they differ. The digits are not shuffled, so those for testing are partly by other writers, and "
    "harder."
)

NOTEBOOKS: dict[str, Recipe] = {
    "notebook-1": Recipe(
        N_("Notebook 1: the first try"),
        N_("Ten hidden neurons, all images in every step, 500 steps: about 84 %, with a bug."),
        _TEN_NEURONS,
        _FULL_BATCH,
        "mnist",
        KAGGLE,
        RecipeCard(
            N_(
                "784-10-10 with ReLU and softmax, weights and biases uniform between -0.5 and 0.5, 41,000 "
                "images at once, gradient descent with rate 0.10, accuracy shown every 10 steps."
            ),
            N_(
                "The gradients of the biases were summed over all neurons to one number, so all biases of"
                " a layer moved alike. After a softmax that sum is always 0: the output biases never "
                "learned."
            ),
            N_(
                "84 % of the dev set after 500 steps, mean of ten seeds. The bug costs little here, which"
                " is why nobody noticed it; a gradient check finds it."
            ),
        ),
    ),
    "notebook-2": Recipe(
        N_("Notebook 2: corrected, four times as long"),
        N_("The same network with correct gradients and 2,000 steps: about 90 %."),
        _TEN_NEURONS,
        replace(_FULL_BATCH, iterations=2000, evaluate_every=200, bias_gradient="exact"),
        "mnist",
        KAGGLE,
        RecipeCard(
            N_("As notebook 1, with a bias gradient for each neuron, 2,000 steps, accuracy every 200 steps."),
            N_("Nothing; ten hidden neurons and plain gradient descent can do no more."),
            N_(
                "It printed 0.171, 0.735, 0.820, 0.854, 0.869, 0.878, 0.885, 0.889, 0.893, 0.896 on its "
                "training images. Ten seeds here lie around these numbers from step 200 on "
                "(benchmarks/notebooks.py)."
            ),
        ),
    ),
    "notebook-3": Recipe(
        N_("Notebook 3: a row lost, a wrong divisor"),
        N_("Notebook 1 with 999 dev images and gradients divided by 42,000 instead of 41,000."),
        _TEN_NEURONS,
        replace(_FULL_BATCH, gradient_divisor=42_000),
        "mnist",
        replace(KAGGLE, dev_size=999, lost=1),
        RecipeCard(
            N_("As notebook 1, but the dev set was taken as rows 1 to 999, and sums were divided by 42,000."),
            N_(
                "Row 0 is in neither set. The divisor counts the dev images too: every step is 2.4 % too "
                "short, as with a rate of 0.0976, which does no harm. The biases are as wrong as in "
                "notebook 1."
            ),
            N_("84 %, as in notebook 1: a wrong factor and a lost image make no visible difference."),
        ),
    ),
    "lab": Recipe(
        N_("The lab: few images to learn from"),
        N_("A sigmoid layer, cross-entropy with L2, 5,000 images to train on and 55,000 to test on."),
        NetworkConfig(hidden_sizes=(25,), activation="sigmoid", initialization="xavier"),
        TrainingConfig(
            optimizer="gradient_descent",
            learning_rate=1.0,
            batch_size=None,
            iterations=500,
            weight_decay=0.0001,
            evaluate_every=10,
            train_sample=None,
        ),
        "mnist",
        SplitSettings(dev_size=55_000, seed=42, old_shuffle=True),
        RecipeCard(
            N_(
                "MNIST from its IDX files, shuffled with seed 42 in the notebook's own order, the first "
                "5,000 images to train on. One sigmoid layer, softmax, cross-entropy with L2 in the cost, "
                "gradient descent on all images at once. "
                "Chosen here: 25 hidden neurons, rate 1, λ = 0.0001, 500 steps."
            ),
            N_("Nothing, but 5,000 images are few: the network overfits."),
            N_("About 96 % of the training images and 92 % of the 55,000 that it was not trained on."),
        ),
    ),
    "pure-python": Recipe(
        N_("Pure Python: one image at a time"),
        N_("8×8 digits, sigmoid neurons, squared error, an update after every image: about 93 % and 85 %."),
        _LEVELS,
        _ONE_IMAGE,
        "digits-8x8",
        _IN_ORDER,
        RecipeCard(
            N_(
                "64-10-10 in loops over lists, pixels divided by 16 and by 8, the first 1,257 images to "
                "train on. All weights start between 0 and 1, the bias is one more weight. Ten rounds of 26 "
                "samples of 50 images; every image is a step of its own, with rate 1."
            ),
            _ALIKE,
            N_(
                "With its own seed the notebook had 0.940 on its training images and 0.850 on the test "
                "images. Ten seeds here reach 0.88 to 0.95 and 0.82 to 0.88."
            ),
        ),
    ),
    "pure-python-lowered": Recipe(
        N_("Pure Python, the rate lowered at the end"),
        N_("As Pure Python, with three tenths of the rate in the last round: about 94 % and 86 %."),
        _LEVELS,
        replace(_ONE_IMAGE, schedule="lowered"),
        "digits-8x8",
        _IN_ORDER,
        RecipeCard(
            N_("As Pure Python, but the rate falls from 1 to 0.3 for the last of the ten rounds."),
            _ALIKE,
            N_(
                "Ten seeds reach 0.91 to 0.95 on the training images and 0.84 to 0.89 on the test images: "
                "smaller steps at the end leave less to chance."
            ),
        ),
    ),
}
