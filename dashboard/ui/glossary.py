"""The terms that a visitor meets, each explained in a sentence or two.

The pages show an explanation beside the term; docs/reference/glossary.md lists all of them.
"""

from dataclasses import dataclass

from mlcore.language import N_, _


@dataclass(frozen=True)
class Term:
    """A term of the field, and what it means (English; shown through `_`)."""

    name: str
    meaning: str


GLOSSARY: dict[str, Term] = {
    "accuracy": Term(N_("Accuracy"), N_("The fraction of images that are classified correctly.")),
    "activation": Term(
        N_("Activation function"),
        N_(
            "Applied to the sum in each neuron. Without it, several layers could do no more than a single "
            "one."
        ),
    ),
    "augmentation": Term(
        N_("Augmentation"),
        N_(
            "Small random changes to the training images, new in each epoch: the network meets more kinds "
            "of handwriting than there are images."
        ),
    ),
    "average_image": Term(
        N_("Average image"),
        N_(
            "Each of its pixels is the mean of that pixel over all images of a class: dark where few of "
            "them have ink, bright where most have."
        ),
    ),
    "batch": Term(N_("Batch"), N_("The training images that one step uses. The full batch is all of them.")),
    "best_epoch": Term(
        N_("Best epoch"),
        N_(
            "The moment of a training with the highest dev accuracy. The weights of that moment are the "
            "ones that are evaluated, tested and used for drawings."
        ),
    ),
    "blank_images": Term(
        N_("Blank images"), N_("Images on which nothing can be seen: there is nothing to learn from them.")
    ),
    "calibration": Term(
        N_("Calibration"),
        N_(
            "Whether confidence can be taken at its word. A well calibrated model is right in 90 of 100 "
            "cases when its confidence is 90 %."
        ),
    ),
    "calibration_error": Term(
        N_("Calibration error"),
        N_(
            "The mean distance between confidence and accuracy over ten bins of confidence, each "
            "weighted by its number of images (expected calibration error)."
        ),
    ),
    "class": Term(N_("Class"), N_("What an image can show: one of the ten digits, for example.")),
    "confidence": Term(
        N_("Confidence"),
        N_(
            "The probability that the network gives to its answer. The probabilities of all classes add "
            "up to 100 %: a network that was shown digits only has no way to say that something is no "
            "digit. A second, small network says so beside the one that ships with the app."
        ),
    ),
    "confusion_matrix": Term(
        N_("Confusion matrix"),
        N_(
            "A table with a row for each true class and a column for each answer. The diagonal counts "
            "correct answers; every other cell counts one kind of mistake."
        ),
    ),
    "contradicting_labels": Term(
        N_("Contradicting labels"),
        N_(
            "Images that are copies, exact or near, of which not all have the same label. No network can "
            "get all of them right."
        ),
    ),
    "data_quality": Term(
        N_("Data quality"),
        N_(
            "Whether the images and their labels are fit to learn from, and to judge by. An image of the "
            "dev set that has a copy in the training set is nothing new to the network: the dev accuracy "
            "looks better than it is."
        ),
    ),
    "contribution": Term(
        N_("Contribution"),
        N_(
            "What a pixel, a neuron or a bias adds to the logit of a class. In a network of ReLU and "
            "max-pooling all of them add up to the logit exactly."
        ),
    ),
    "coverage": Term(
        N_("Coverage"),
        N_(
            "The fraction of images that are answered when the others, of which the model is less sure, are "
            "left to a person."
        ),
    ),
    "dead_neurons": Term(
        N_("Dead neurons"),
        N_(
            "Neurons whose activation is flat for every image that was tried: with ReLU those "
            "that are always 0, with sigmoid those that are always near 0 or 1. They learn "
            "nothing; a learning rate that was too high is a common cause."
        ),
    ),
    "dev_set": Term(
        N_("Dev set"),
        N_(
            "Images that the network is not trained on, also called validation set. They show how well it "
            "does on new images, so settings are compared by them."
        ),
    ),
    "dropout": Term(
        N_("Dropout"),
        N_(
            "Some neurons, others in each step, are switched off during training, so that the network does "
            "not rely on any of them. It reduces overfitting."
        ),
    ),
    "epoch": Term(N_("Epoch"), N_("One pass over all training images.")),
    "exact_copies": Term(
        N_("Exact copies"),
        N_(
            "Images that equal another one pixel by pixel. The first of each is not counted: it "
            "stays when the copies are left out."
        ),
    ),
    "f1": Term(N_("F1"), N_("The harmonic mean of recall and precision: high only when both are.")),
    "feature_map": Term(
        N_("Feature map"),
        N_(
            "What one filter of a convolution finds, and where: the filter's small window slides over the "
            "image and gives a number at each place."
        ),
    ),
    "fork": Term(
        N_("Fork"),
        N_(
            "A training that continues another one from some moment with one setting changed, on the same "
            "images in the same order: what it changes is what the setting does."
        ),
    ),
    "gradient": Term(
        N_("Gradient"),
        N_(
            "How much the loss would grow if a parameter grew a little, for each parameter. A step of "
            "training moves all of them the other way."
        ),
    ),
    "gradient_check": Term(
        N_("Gradient check"),
        N_(
            "Each parameter is moved a little to both sides; the change of the cost must agree with the "
            "gradient from the formulas. It finds mistakes that training alone hides."
        ),
    ),
    "grey_level": Term(N_("Grey level"), N_("The brightness of a pixel, from 0 (blank) to 255 (full ink).")),
    "image_life": Term(
        N_("Easy, ambiguous, hard"),
        N_(
            "In whose label the network was confident throughout the training, went back and forth, or had "
            "little confidence (Swayamdipta et al., 2020). Wrong labels are among the hard ones."
        ),
    ),
    "importance": Term(
        N_("Importance of a neuron"),
        N_("How far its output, times its outgoing weights, moves the logits apart, on average over images."),
    ),
    "influence": Term(
        N_("Influence"),
        N_(
            "How much training on an image changed the loss of an answer, added up over the snapshots of a "
            "run and measured in the last layer (TracIn: Pruthi et al., 2020)."
        ),
    ),
    "interval": Term(
        N_("95 % interval"),
        N_(
            "Where the accuracy on new images of the same kind most likely lies. More images make it "
            "narrower."
        ),
    ),
    "l2": Term(
        N_("L2 (weight decay)"),
        N_("Adds a cost for large weights, which keeps the network simpler. It reduces overfitting."),
    ),
    "label": Term(N_("Label"), N_("The class that an image belongs to, as given by people.")),
    "label_court": Term(
        N_("Label court"),
        N_(
            "Networks that never saw an image judge whether its label is right. You decide about those that "
            "they dispute: keep the label, change it, or leave the image out."
        ),
    ),
    "learning_curves": Term(
        N_("Learning curves"),
        N_(
            "Loss and accuracy in the course of training, on the training images and on the dev set. When "
            "the training curve keeps improving and the dev curve does not, the network is overfitting."
        ),
    ),
    "learning_rate": Term(
        N_("Learning rate"),
        N_(
            "The size of a step: too small, and training takes long; too large, and the loss jumps about "
            "or grows."
        ),
    ),
    "loss": Term(
        N_("Loss"),
        N_(
            "How wrong the network's probabilities are, on average over images. 0 would be perfect; "
            "training makes it smaller."
        ),
    ),
    "mcnemar": Term(
        N_("McNemar's test"),
        N_(
            "Compares two models on the same images by those that only one of them got right: if "
            "both were equally good, each would be that one about equally often."
        ),
    ),
    "near_copies": Term(
        N_("Near copies"),
        N_(
            "Images that differ from another one by less than a tenth of their contrast, as "
            "after saving as JPEG. The first of each is not counted: it stays when the copies "
            "are left out."
        ),
    ),
    "neuron": Term(
        N_("Neuron"),
        N_(
            "Adds up its inputs, each multiplied by a weight, and a bias, and passes the sum through an "
            "activation function. Neurons side by side form a layer."
        ),
    ),
    "optimizer": Term(
        N_("Optimizer"),
        N_(
            "The rule that turns the gradient into a step. Adam adapts the size of the step to each "
            "parameter."
        ),
    ),
    "one_hot": Term(
        N_("One-hot target"),
        N_(
            "What the network should answer to an image, as one number per class: 1 for its "
            "class, 0 for all others."
        ),
    ),
    "overfitting": Term(
        N_("Overfitting"),
        N_(
            "The network has learned details of its training images that do not carry over to new ones: "
            "it does better on the training images than on the dev set."
        ),
    ),
    "parameters": Term(
        N_("Parameters"),
        N_("The numbers that training changes: all weights and biases of the network."),
    ),
    "precision": Term(N_("Precision"), N_("The fraction of the answers with this class that are correct.")),
    "pretrained": Term(
        N_("Pre-trained model"),
        N_("A network that was trained before you came: it ships with the app, and answers at once."),
    ),
    "principal_components": Term(
        N_("Principal components"),
        N_(
            "The directions in which images, or what a layer makes of them, differ most. A map by the first "
            "two keeps as much of the differences as a flat picture can."
        ),
    ),
    "pruning": Term(
        N_("Pruning"),
        N_(
            "The smallest weights are set to 0: often most of them can go before the accuracy falls, and "
            "what is 0 need not be stored."
        ),
    ),
    "quantisation": Term(
        N_("Quantisation"),
        N_(
            "Weights are rounded to a few bits, with one scale for each neuron or filter: 8 bits tell 255 "
            "values apart, 4 bits 15, and 1 bit only the sign."
        ),
    ),
    "random_search": Term(
        N_("Random search"),
        N_(
            "Draws all settings at random. With the same number of runs it tries more values of those that "
            "matter than a grid does."
        ),
    ),
    "rare_classes": Term(
        N_("Rare classes"),
        N_("Classes that have too few images to learn them from, or to judge by them."),
    ),
    "recall": Term(
        N_("Recall"), N_("The fraction of the images of this class that were classified correctly.")
    ),
    "robustness": Term(
        N_("Robustness"),
        N_(
            "How much an image may change before the network no longer reads it: turned, moved, noisy, or "
            "written by another pen."
        ),
    ),
    "seed": Term(
        N_("Seed"),
        N_("The number from which all random choices follow. The same seed gives the same choices again."),
    ),
    "slice": Term(
        N_("Slice"),
        N_(
            "Some images of a data set under a name, such as the thick fours. A slice keeps its images, "
            "whatever model reads them, so that models can be compared on it."
        ),
    ),
    "smallest_change": Term(
        N_("Smallest change"),
        N_(
            "What would have to be different for another answer. Guided by real images, it shows which "
            "strokes tell two classes apart; unguided, a change that nobody sees is enough to fool a network."
        ),
    ),
    "snapshot": Term(
        N_("Snapshot"),
        N_(
            "All that a training is at one moment, kept in a file: weights, what the optimizer remembers, "
            "the place in the order of the images. Training can continue from it exactly."
        ),
    ),
    "speed": Term(
        N_("Images per second"),
        N_("How many training images the network processes per second, counting repeats."),
    ),
    "split": Term(
        N_("Split"),
        N_(
            "The images are divided at random: most train the network, and the dev set shows how "
            "well it does on images that it has not seen."
        ),
    ),
    "step": Term(
        N_("Step"),
        N_("One change of all parameters, worked out from the images of one batch. Also called iteration."),
    ),
    "stroke_width": Term(
        N_("Width of strokes"),
        N_(
            "Twice the area of the ink over the length of its outline. Thin are the quarter of the images "
            "with the thinnest strokes, thick the quarter with the thickest."
        ),
    ),
    "successive_halving": Term(
        N_("Successive halving"),
        N_(
            "All settings of a round train a little; the best third trains on three times as long, and so "
            "on. Most of the time goes to what is promising."
        ),
    ),
    "support": Term(N_("Support"), N_("The number of images of a class.")),
    "temperature": Term(
        N_("Temperature"),
        N_(
            "All logits are divided by it before they become probabilities. Above 1 the network "
            "is less sure, below 1 more sure; its answers stay the same."
        ),
    ),
    "test_set": Term(
        N_("Test set"),
        N_(
            "Images that are kept for the end. Use them once: a test set that guided your choices no "
            "longer shows how well a network does on new images."
        ),
    ),
    "top_3": Term(
        N_("Top-3 accuracy"), N_("How often the true class is among the three most probable ones.")
    ),
    "tsne": Term(
        N_("t-SNE"),
        N_(
            "A map on which each image lies beside those that are most like it. It shows groups that two "
            "straight directions cannot, at the price that large distances mean nothing."
        ),
    ),
    "training_set": Term(N_("Training set"), N_("The images that the network learns from.")),
    "update": Term(
        N_("Update"),
        N_(
            "How far one step moves the weights of a layer, as a percentage of how large they are. About "
            "0.1 % is usual; far less learns slowly, and far more upsets what was learned."
        ),
    ),
}
"""Key → the term, in the order of the alphabet."""


def meaning(*keys: str) -> str:
    """Return what these terms mean, in the visitor's language, for the help of a widget.

    One term needs no name, since it stands beside its help; several are told apart by theirs.
    """
    terms = [GLOSSARY[key] for key in keys]
    if len(terms) == 1:
        return _(terms[0].meaning)
    return "\n\n".join(f"**{_(term.name)}**: {_(term.meaning)}" for term in terms)
