"""A neural network for small images, written from scratch in NumPy: from labelled digits to a drawn one.

The modules stand in the order of that path, and every name that a notebook needs can be imported from here.
A name is loaded when it is first asked for, so that a process which only trains, or only reads a file, starts
without the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and mypy; Python itself goes by `_PLACES`
    from mlcore.answers import Answers, answer, submission_with_probabilities
    from mlcore.config import NetworkConfig, TrainingConfig
    from mlcore.datasets.dataset import Dataset
    from mlcore.datasets.decision import Decision
    from mlcore.datasets.describe import average_images, commonest_share, pixel_range
    from mlcore.datasets.health import Health, check_health
    from mlcore.datasets.readers import (
        READERS,
        LabelsInNames,
        Parts,
        Reader,
        read_dataset,
        read_images,
        read_parts,
    )
    from mlcore.datasets.shipped import SHIPPED_DATASETS, ShippedDataset, load_dataset
    from mlcore.datasets.split import Split, SplitSettings, split_dataset
    from mlcore.datasets.undo import redo_decision, undo_decision
    from mlcore.datasets.unlabelled import UnlabelledImages
    from mlcore.errors import (
        DatasetError,
        DigitLabError,
        LearnedNothing,
        ModelFileError,
        NoDigitError,
        SettingError,
        TrainingDiverged,
    )
    from mlcore.evaluation import Evaluation, evaluate
    from mlcore.exports.browser import web_page, write_web_page
    from mlcore.exports.c_header import c_files, write_c_files
    from mlcore.exports.passport import Passport
    from mlcore.exports.replay import Difference, ReplayResult, replay
    from mlcore.exports.safetensors import export_safetensors
    from mlcore.exports.script import notebook_of, save_images, script_of
    from mlcore.formulas.activations import ACTIVATIONS
    from mlcore.formulas.initializers import INITIALIZERS
    from mlcore.formulas.losses import LOSSES
    from mlcore.formulas.optimizers import OPTIMIZERS
    from mlcore.formulas.schedules import SCHEDULES
    from mlcore.images.augmentation import Augmentation, augment
    from mlcore.images.distortion import DISTORTIONS, Distortion, distort
    from mlcore.images.drawing import image_from_drawing, image_from_picture
    from mlcore.images.frame import Frame
    from mlcore.images.preparation import Preparation, fit_preparation
    from mlcore.metrics import (
        Calibration,
        ClassScores,
        McNemar,
        accuracy,
        calibration,
        class_scores,
        confusion_matrix,
        log_loss,
        mcnemar,
        most_confident_mistakes,
        top_k_accuracy,
    )
    from mlcore.model import Model, load_model, save_model
    from mlcore.network.network import LayerSummary, Network, network_summary
    from mlcore.recipes.ready import RECIPES, run_recipe, start_recipe
    from mlcore.recipes.recipe import Recipe, RecipeCard
    from mlcore.settings import Setting, settings_of
    from mlcore.study.bug_curves import BugCurves, ShortCurve, bug_curves
    from mlcore.study.contributions import Contributions, LayerOutput, contributions, layer_outputs
    from mlcore.study.doctor import Advice, advise
    from mlcore.study.fine_tuning import fine_tune
    from mlcore.study.gradient_check import GradientCheck, GradientRow, check_gradients
    from mlcore.study.image_lives import ImageLives, lives_in_training, lives_over
    from mlcore.study.influence import Influence, Retrained, influence, retrained
    from mlcore.study.lab import LabChanges, UnitChange, change_model, packed_bytes
    from mlcore.study.label_court import LabelCourt, label_court
    from mlcore.study.learning_curve import LearningCurve, Size, learning_curve
    from mlcore.study.learning_rate_finder import LearningRateSearch, find_learning_rate
    from mlcore.study.nearest import Nearest, Neighbourhood, nearest_images, neighbourhood
    from mlcore.study.neurons import NeuronStudy, study_neurons
    from mlcore.study.origin import Origin
    from mlcore.study.pca import PrincipalComponents, principal_components
    from mlcore.study.progress import Study, completed
    from mlcore.study.robustness import Robustness, Strength, robustness
    from mlcore.study.run_notes import RunNotes
    from mlcore.study.slices import Slice, follow_slices
    from mlcore.study.smallest_change import Change, change_towards, fooling_change
    from mlcore.study.walkthrough import StepValue, walk_through_step
    from mlcore.study.weight_pictures import WeightPictures, weight_pictures
    from mlcore.training.fit import fit
    from mlcore.training.fork import fork
    from mlcore.training.known_bugs import KNOWN_BUGS, KnownBug
    from mlcore.training.layer_health import LayerHealth, NetworkHealth
    from mlcore.training.records import BatchMetrics, EpochMetrics, Record
    from mlcore.training.run import TrainingRun, train

__version__ = "0.1.0.dev0"

__all__ = [
    "ACTIVATIONS",
    "DISTORTIONS",
    "INITIALIZERS",
    "KNOWN_BUGS",
    "LOSSES",
    "OPTIMIZERS",
    "READERS",
    "RECIPES",
    "SCHEDULES",
    "SHIPPED_DATASETS",
    "Advice",
    "Answers",
    "Augmentation",
    "BatchMetrics",
    "BugCurves",
    "Calibration",
    "Change",
    "ClassScores",
    "Contributions",
    "Dataset",
    "DatasetError",
    "Decision",
    "Difference",
    "DigitLabError",
    "Distortion",
    "EpochMetrics",
    "Evaluation",
    "Frame",
    "GradientCheck",
    "GradientRow",
    "Health",
    "ImageLives",
    "Influence",
    "KnownBug",
    "LabChanges",
    "LabelCourt",
    "LabelsInNames",
    "LayerHealth",
    "LayerOutput",
    "LayerSummary",
    "LearnedNothing",
    "LearningCurve",
    "LearningRateSearch",
    "McNemar",
    "Model",
    "ModelFileError",
    "Nearest",
    "Neighbourhood",
    "Network",
    "NetworkConfig",
    "NetworkHealth",
    "NeuronStudy",
    "NoDigitError",
    "Origin",
    "Parts",
    "Passport",
    "Preparation",
    "PrincipalComponents",
    "Reader",
    "Recipe",
    "RecipeCard",
    "Record",
    "ReplayResult",
    "Retrained",
    "Robustness",
    "RunNotes",
    "Setting",
    "SettingError",
    "ShippedDataset",
    "ShortCurve",
    "Size",
    "Slice",
    "Split",
    "SplitSettings",
    "StepValue",
    "Strength",
    "Study",
    "TrainingConfig",
    "TrainingDiverged",
    "TrainingRun",
    "UnitChange",
    "UnlabelledImages",
    "WeightPictures",
    "accuracy",
    "advise",
    "answer",
    "augment",
    "average_images",
    "bug_curves",
    "c_files",
    "calibration",
    "change_model",
    "change_towards",
    "check_gradients",
    "check_health",
    "class_scores",
    "commonest_share",
    "completed",
    "confusion_matrix",
    "contributions",
    "distort",
    "evaluate",
    "export_safetensors",
    "find_learning_rate",
    "fine_tune",
    "fit",
    "fit_preparation",
    "follow_slices",
    "fooling_change",
    "fork",
    "image_from_drawing",
    "image_from_picture",
    "influence",
    "label_court",
    "layer_outputs",
    "learning_curve",
    "lives_in_training",
    "lives_over",
    "load_dataset",
    "load_model",
    "log_loss",
    "mcnemar",
    "most_confident_mistakes",
    "nearest_images",
    "neighbourhood",
    "network_summary",
    "notebook_of",
    "packed_bytes",
    "pixel_range",
    "principal_components",
    "read_dataset",
    "read_images",
    "read_parts",
    "redo_decision",
    "replay",
    "retrained",
    "robustness",
    "run_recipe",
    "save_images",
    "save_model",
    "script_of",
    "settings_of",
    "split_dataset",
    "start_recipe",
    "study_neurons",
    "submission_with_probabilities",
    "top_k_accuracy",
    "train",
    "undo_decision",
    "walk_through_step",
    "web_page",
    "weight_pictures",
    "write_c_files",
    "write_web_page",
]

_PLACES = {
    "mlcore.answers": ("Answers", "answer", "submission_with_probabilities"),
    "mlcore.config": ("NetworkConfig", "TrainingConfig"),
    "mlcore.datasets.dataset": ("Dataset",),
    "mlcore.datasets.decision": ("Decision",),
    "mlcore.datasets.describe": ("average_images", "commonest_share", "pixel_range"),
    "mlcore.datasets.health": ("Health", "check_health"),
    "mlcore.datasets.readers": (
        "READERS",
        "LabelsInNames",
        "Parts",
        "Reader",
        "read_dataset",
        "read_images",
        "read_parts",
    ),
    "mlcore.datasets.shipped": ("SHIPPED_DATASETS", "ShippedDataset", "load_dataset"),
    "mlcore.datasets.split": ("Split", "SplitSettings", "split_dataset"),
    "mlcore.datasets.undo": ("redo_decision", "undo_decision"),
    "mlcore.datasets.unlabelled": ("UnlabelledImages",),
    "mlcore.errors": (
        "DatasetError",
        "DigitLabError",
        "LearnedNothing",
        "ModelFileError",
        "NoDigitError",
        "SettingError",
        "TrainingDiverged",
    ),
    "mlcore.evaluation": ("Evaluation", "evaluate"),
    "mlcore.exports.browser": ("web_page", "write_web_page"),
    "mlcore.exports.c_header": ("c_files", "write_c_files"),
    "mlcore.exports.passport": ("Passport",),
    "mlcore.exports.replay": ("Difference", "ReplayResult", "replay"),
    "mlcore.exports.safetensors": ("export_safetensors",),
    "mlcore.exports.script": ("notebook_of", "save_images", "script_of"),
    "mlcore.formulas.activations": ("ACTIVATIONS",),
    "mlcore.formulas.initializers": ("INITIALIZERS",),
    "mlcore.formulas.losses": ("LOSSES",),
    "mlcore.formulas.optimizers": ("OPTIMIZERS",),
    "mlcore.formulas.schedules": ("SCHEDULES",),
    "mlcore.images.augmentation": ("Augmentation", "augment"),
    "mlcore.images.distortion": ("DISTORTIONS", "Distortion", "distort"),
    "mlcore.images.drawing": ("image_from_drawing", "image_from_picture"),
    "mlcore.images.frame": ("Frame",),
    "mlcore.images.preparation": ("Preparation", "fit_preparation"),
    "mlcore.metrics": (
        "Calibration",
        "ClassScores",
        "McNemar",
        "accuracy",
        "calibration",
        "class_scores",
        "confusion_matrix",
        "log_loss",
        "mcnemar",
        "most_confident_mistakes",
        "top_k_accuracy",
    ),
    "mlcore.model": ("Model", "load_model", "save_model"),
    "mlcore.network.network": ("LayerSummary", "Network", "network_summary"),
    "mlcore.recipes.ready": ("RECIPES", "run_recipe", "start_recipe"),
    "mlcore.recipes.recipe": ("Recipe", "RecipeCard"),
    "mlcore.settings": ("Setting", "settings_of"),
    "mlcore.study.bug_curves": ("BugCurves", "ShortCurve", "bug_curves"),
    "mlcore.study.contributions": ("Contributions", "LayerOutput", "contributions", "layer_outputs"),
    "mlcore.study.doctor": ("Advice", "advise"),
    "mlcore.study.fine_tuning": ("fine_tune",),
    "mlcore.study.gradient_check": ("GradientCheck", "GradientRow", "check_gradients"),
    "mlcore.study.image_lives": ("ImageLives", "lives_in_training", "lives_over"),
    "mlcore.study.influence": ("Influence", "Retrained", "influence", "retrained"),
    "mlcore.study.lab": ("LabChanges", "UnitChange", "change_model", "packed_bytes"),
    "mlcore.study.label_court": ("LabelCourt", "label_court"),
    "mlcore.study.learning_curve": ("LearningCurve", "Size", "learning_curve"),
    "mlcore.study.learning_rate_finder": ("LearningRateSearch", "find_learning_rate"),
    "mlcore.study.nearest": ("Nearest", "Neighbourhood", "nearest_images", "neighbourhood"),
    "mlcore.study.neurons": ("NeuronStudy", "study_neurons"),
    "mlcore.study.origin": ("Origin",),
    "mlcore.study.pca": ("PrincipalComponents", "principal_components"),
    "mlcore.study.progress": ("Study", "completed"),
    "mlcore.study.robustness": ("Robustness", "Strength", "robustness"),
    "mlcore.study.run_notes": ("RunNotes",),
    "mlcore.study.slices": ("Slice", "follow_slices"),
    "mlcore.study.smallest_change": ("Change", "change_towards", "fooling_change"),
    "mlcore.study.walkthrough": ("StepValue", "walk_through_step"),
    "mlcore.study.weight_pictures": ("WeightPictures", "weight_pictures"),
    "mlcore.training.fit": ("fit",),
    "mlcore.training.fork": ("fork",),
    "mlcore.training.known_bugs": ("KNOWN_BUGS", "KnownBug"),
    "mlcore.training.layer_health": ("LayerHealth", "NetworkHealth"),
    "mlcore.training.records": ("BatchMetrics", "EpochMetrics", "Record"),
    "mlcore.training.run": ("TrainingRun", "train"),
}

_MODULE_OF = {name: module for module, names in _PLACES.items() for name in names}


if not TYPE_CHECKING:  # mypy would take any name for one that is here

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for (PEP 562), and keep it here."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
        return found


def __dir__() -> list[str]:
    """Return what is here and what can be asked for."""
    return sorted({*globals(), *_MODULE_OF})
