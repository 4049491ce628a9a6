"""The page Draw as a visitor uses it, except for the pen.

The pen is tested in `tests/e2e/test_canvas.py`.
"""

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from dashboard.draw.dares import DARES
from dashboard.draw.drawing import as_text, clear, keep, take_back, undo
from dashboard.draw.play import MOST_PAST
from dashboard.models import choice as model_choice
from dashboard.runs.status import RunError
from dashboard.session import UPLOADED_MODEL, SentImage, Session
from dashboard.shipped import shipped_model, shipped_split
from mlcore import (
    Model,
    NetworkConfig,
    SplitSettings,
    TrainingConfig,
    TrainingRun,
    load_dataset,
    load_model,
    save_model,
    split_dataset,
    train,
)
from tests.pages.visits import grids, model_list, new_app, session_of

SEVEN = [["M", 70, 60], ["L", 210, 60], ["L", 150, 240]]
ONE = [["M", 140, 50], ["L", 140, 230]]


def stroke(path: list[Any]) -> dict[str, Any]:
    return {"type": "Path", "strokeWidth": 20, "path": path}


@pytest.fixture
def app() -> AppTest:
    app = new_app()
    return app.switch_page("pages/draw.py").run()


def card(app: AppTest) -> str:
    return next(html.proto.body for html in app.get("html") if 'class="dl-answer' in html.proto.body)


def guess(app: AppTest) -> str:
    return card(app).split('<p class="dl-guess">')[1].split("<")[0]


def test_a_blank_canvas_gets_a_hint_and_no_answer(app: AppTest) -> None:
    assert guess(app) == "?"
    assert "Draw a digit" in card(app)
    assert all(button.disabled for button in app.button if button.label in ("Undo", "Clear"))


@pytest.mark.parametrize(("path", "digit"), [(SEVEN, "7"), (ONE, "1")])
def test_a_drawn_digit_is_read(app: AppTest, path: list[Any], digit: str) -> None:
    session_of(app).drawing = {"objects": [stroke(path)]}
    assert guess(app.run()) == digit


def test_undo_takes_one_stroke_back_and_clear_all(app: AppTest) -> None:
    session_of(app).drawing = {"objects": [stroke(SEVEN), stroke(ONE), stroke(ONE)]}
    app.run()
    next(button for button in app.button if button.label == "Undo").click().run()
    assert session_of(app).drawing == {"objects": [stroke(SEVEN), stroke(ONE)]}
    next(button for button in app.button if button.label == "Clear").click().run()
    assert guess(app) == "?"


def button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if label in button.label)


def dare(app: AppTest) -> str:
    return next(html.proto.body for html in app.get("html") if "dl-dare" in html.proto.body)


OPEN_FOUR = [
    stroke([["M", 90, 50], ["L", 80, 140], ["L", 190, 140]]),
    stroke([["M", 185, 70], ["L", 175, 240]]),
]


def test_a_dare_is_ticked_off_by_a_drawing_that_meets_it_and_stays_so(app: AppTest) -> None:
    assert "Draw a 4 with an open top." in dare(app)
    session_of(app).drawing = {"objects": [stroke(SEVEN)]}
    assert "Dares met: 0 of 8" in dare(app.run())
    session_of(app).drawing = {"objects": OPEN_FOUR}
    assert "Well done! Dares met: 1 of 8" in dare(app.run())
    button(app, "Next dare").click().run()
    assert guess(app) == "?"
    assert "Confuse it." in dare(app)
    assert "Well done" not in dare(app)
    assert "Dares met: 1 of 8" in dare(app)


def test_dares_that_were_met_do_not_come_again_until_all_are_met(app: AppTest) -> None:
    session_of(app).play.met = {*DARES} - {"torn"}
    app.run()
    button(app, "Next dare").click().run()
    assert "torn between" in dare(app)
    button(app, "Another dare").click().run()
    assert "torn between" in dare(app)


def test_what_is_read_from_a_picture_meets_no_dare(app: AppTest) -> None:
    session_of(app).play.dare = "footed-one"
    session_of(app).drawing = {"objects": [stroke(SEVEN)]}
    upload_picture(app, picture(digit=True))
    assert guess(app) == "1"
    assert "Dares met: 0 of 8" in dare(app)


def test_a_cleared_drawing_can_be_put_on_the_canvas_again(app: AppTest) -> None:
    for path in (SEVEN, ONE):
        session_of(app).drawing = {"objects": [stroke(path)]}
        app.run()
        button(app, "Clear").click().run()
    assert guess(app) == "?"
    one, seven = (app.button(key=f"past_drawing_{number}") for number in range(2))
    assert "`1`" in one.label
    assert seven.label.startswith("![Show again:](data:image/png;base64,")
    seven.click().run()
    assert guess(app) == "7"
    button(app, "Clear").click().run()
    assert "`7`" in app.button(key="past_drawing_0").label
    assert "past_drawing_2" not in {button.key for button in app.button}


def test_the_oldest_of_the_last_drawings_goes_first(app: AppTest) -> None:
    for shift in range(MOST_PAST + 1):
        session_of(app).drawing = {"objects": [stroke([["M", 70 + shift, 60], ["L", 140, 230]])]}
        app.run()
        button(app, "Clear").click().run()
    past = session_of(app).play.past
    assert [drawing.strokes[0].points[0][0] for drawing in past] == [76.0, 75.0, 74.0, 73.0, 72.0, 71.0]


def test_the_way_leads_to_a_network_of_ones_own(app: AppTest) -> None:
    assert [(link.proto.label, link.proto.page) for link in app.get("page_link")] == [
        ("Train your own", "data")
    ]


def test_each_undo_and_clear_gives_the_canvas_something_new_to_show() -> None:
    session = Session(drawing={"objects": [stroke(SEVEN)]})
    starts = []
    for act in (undo, clear, clear):
        act(session)
        starts.append(session.canvas_start)
    assert len({str(start) for start in starts}) == 3


def test_undo_and_clear_of_a_blank_canvas_leave_it_blank() -> None:
    session = Session()
    undo(session)
    clear(session)
    assert session.drawing == {"objects": []}


def test_the_drawing_is_kept_when_the_page_changes(app: AppTest) -> None:
    session_of(app).drawing = {"objects": [stroke(SEVEN)]}
    app.run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/draw.py").run()
    assert guess(app) == "7"


def test_a_model_file_is_taken_and_answers(app: AppTest) -> None:
    buffer = io.BytesIO()
    save_model(shipped_model("mnist"), buffer)
    app.file_uploader(key="draw_model_file").upload("mine.npz", buffer.getvalue(), "application/zip").run()
    assert session_of(app).model_key == UPLOADED_MODEL
    assert model_list(app).value == UPLOADED_MODEL
    assert not app.error


def test_a_wrong_model_file_gets_a_sentence_and_the_old_model_goes_on_answering(app: AppTest) -> None:
    session_of(app).drawing = {"objects": [stroke(SEVEN)]}
    app.file_uploader(key="draw_model_file").upload("mine.npz", b"no model at all", "application/zip").run()
    (error,) = app.error
    assert "model" in error.value
    assert guess(app) == "7"


def test_the_width_of_the_pen_is_kept_when_the_page_changes(app: AppTest) -> None:
    app.slider(key="draw_pen").set_value(31).run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/draw.py").run()
    assert app.slider(key="draw_pen").value == 31


def picture(digit: bool) -> bytes:
    image = Image.new("L", (300, 300), 230)
    if digit:
        ImageDraw.Draw(image).line([(150, 60), (150, 240)], fill=40, width=24)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def upload_picture(app: AppTest, content: bytes) -> None:
    app.button_group(key="draw_way").set_value("file").run()
    app.file_uploader(key="draw_file").upload("digit.png", content, "image/png").run()


def test_an_uploaded_picture_is_read(app: AppTest) -> None:
    upload_picture(app, picture(digit=True))
    assert guess(app) == "1"
    assert not [*app.error, *app.warning]


def test_an_uploaded_picture_without_a_digit_gets_a_sentence_and_no_answer(app: AppTest) -> None:
    upload_picture(app, picture(digit=False))
    assert "No digit" in app.warning[0].value
    assert guess(app) == "?"


def test_a_file_that_is_no_picture_gets_a_sentence_beside_the_rest_of_the_page(app: AppTest) -> None:
    upload_picture(app, b"no picture at all")
    assert "digit.png" in app.error[0].value
    assert guess(app) == "?"
    assert model_list(app).value == "mnist"


def model_of_small_digits() -> Model:
    run = TrainingRun(NetworkConfig(hidden_sizes=(16,)), TrainingConfig(epochs=1))
    for _ in train(run, split_dataset(load_dataset("digits-8x8"), dev_size=300)):
        pass
    return run.model()


def test_an_image_that_was_sent_here_is_answered_by_models_for_its_size(app: AppTest) -> None:
    test = load_dataset("mnist-test")
    session_of(app).sent = SentImage(test.images[0], "Image 1 of MNIST test images, labelled 7")
    app.run()
    app.button_group(key="draw_way").set_value("sent").run()
    assert guess(app) == "7"
    assert "labelled 7" in grids(app)[0]
    session_of(app).uploaded_model = model_of_small_digits()
    session_of(app).model_key = UPLOADED_MODEL
    app.run()
    assert "Choose a model for images of this size." in card(app)
    assert not app.exception


def test_a_model_of_smaller_images_is_shown_a_smaller_image(app: AppTest) -> None:
    session = session_of(app)
    session.uploaded_model, session.model_key = model_of_small_digits(), UPLOADED_MODEL
    session.drawing = {"objects": [stroke(SEVEN)]}
    encoded = card(app.run()).split("base64,")[1].split('"')[0]
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).size == (8, 8)
    assert guess(app) in "0123456789"


class BrokenModel(Model):
    """A model that cannot answer."""

    def probabilities_of(self, images: Any) -> Any:
        raise ValueError("broken")


def broken_model() -> Model:
    model = shipped_model("mnist")
    return BrokenModel(model.network_config, model.preparation, model.class_names, model.parameters)


def test_a_model_that_cannot_answer_does_not_hide_the_list_to_choose_another(app: AppTest) -> None:
    session = session_of(app)
    session.uploaded_model, session.model_key = broken_model(), UPLOADED_MODEL
    session.drawing = {"objects": [stroke(SEVEN)]}
    app.run()
    assert len(app.error) == 1
    model_list(app).set_value("mnist").run()
    assert not app.error
    assert guess(app) == "7"


def test_a_run_whose_model_cannot_be_had_does_not_hide_the_list(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(session: Session) -> Model:
        raise RunError("This run no longer exists.")

    with monkeypatch.context() as patch:
        patch.setattr(model_choice, "chosen_model", gone)
        app.run()
        assert "no longer exists" in app.error[0].value
        assert model_list(app).value == "mnist"
    app.run()
    assert guess(app) == "?"


def test_a_tab_hands_its_drawing_to_a_server_that_has_forgotten_it(app: AppTest) -> None:
    session = session_of(app)
    assert as_text(session) is None  # which asks the tab
    take_back(session, json.dumps({"objects": [stroke(SEVEN)]}))
    app.run()
    assert guess(app) == "7"
    assert not any(button.disabled for button in app.button if button.label in ("Undo", "Clear"))
    assert json.loads(as_text(session) or "") == {"objects": [stroke(SEVEN)]}


def test_what_was_drawn_meanwhile_is_not_replaced_by_what_the_tab_remembers(app: AppTest) -> None:
    session = session_of(app)
    keep(session, {"objects": [stroke(ONE)]})
    take_back(session, json.dumps({"objects": [stroke(SEVEN)]}))
    app.run()
    assert guess(app) == "1"


@pytest.mark.parametrize(
    "text", ["", "7", "[" * 100_000, '{"objects": 3}', '{"objects": [{}]}', "x" * 2_000_000]
)
def test_a_tab_that_hands_back_nonsense_leaves_the_canvas_blank_and_is_asked_no_more(text: str) -> None:
    session = Session()
    take_back(session, text)
    assert as_text(session) == '{"objects":[]}'


SCRIBBLE = stroke([["M" if k == 0 else "L", (60, 220)[k % 2], 50 + 20 * k] for k in range(10)])


def test_a_scribble_is_refused_by_the_shipped_network_and_by_no_other(app: AppTest) -> None:
    session_of(app).drawing = {"objects": [SCRIBBLE]}
    assert "That is no digit that I know." in card(app.run())
    assert guess(app) == "?"
    assert session_of(app).play.now.guess == "?"
    buffer = io.BytesIO()
    save_model(shipped_model("mnist"), buffer)
    session_of(app).uploaded_model = load_model(buffer.getvalue())
    session_of(app).model_key = UPLOADED_MODEL
    assert "no digit" not in card(app.run())
    assert guess(app) in "0123456789"


def film(app: AppTest) -> str:
    return next((html.proto.body for html in app.get("html") if "As drawn" in html.proto.body), "")


def test_the_film_strip_shows_each_stage_with_its_answer_and_leaves_out_what_is_switched_off(
    app: AppTest,
) -> None:
    assert film(app) == ""
    session_of(app).drawing = {"objects": [stroke([["M", 30, 30], ["L", 80, 30], ["L", 55, 110]])]}
    next(toggle for toggle in app.toggle if toggle.label == "Show the preparation").set_value(True).run()
    assert film(app).count("<figure") == 5
    assert "Centred\n7, " in film(app)
    stages = next(group for group in app.button_group if group.label == "Stages of the preparation")
    stages.set_value(["taps", "pen"]).run()
    assert film(app).count("<figure") == 3
    assert "Centred" not in film(app)
    stages.set_value([]).run()
    assert any("Switch the steps on again" in caption.value for caption in app.caption)


def test_the_film_strip_says_what_its_steps_were_worth(app: AppTest) -> None:
    large, small = (
        stroke([["M", 70, 60], ["L", 210, 60], ["L", 140, 230]]),
        stroke([["M", 14, 14], ["L", 62, 14], ["L", 38, 74]]),
    )
    session_of(app).drawing = {"objects": [large]}
    next(toggle for toggle in app.toggle if toggle.label == "Show the preparation").set_value(True).run()
    assert any("these steps change nothing" in caption.value for caption in app.caption)
    session_of(app).drawing = {"objects": [small]}
    app.run()
    assert any("after these steps it is `7`" in caption.value for caption in app.caption)


def test_a_number_is_read_with_the_bars_of_each_digit(app: AppTest) -> None:
    next(group for group in app.button_group if group.label == "Input").set_value("number").run()
    assert "Write a number" in card(app)
    one, seven = (
        stroke([["M", 60, 60], ["L", 62, 220]]),
        stroke([["M", 150, 60], ["L", 250, 60], ["L", 190, 220]]),
    )
    four = [
        stroke([["M", 340, 60], ["L", 310, 150], ["L", 410, 150]]),
        stroke([["M", 390, 90], ["L", 380, 220]]),
    ]
    session_of(app).drawing = {"objects": [one, seven, *four]}
    app.run()
    assert guess(app) == "174"
    assert "sure of all 3 digits" in card(app)
    bars = next(html.proto.body for html in app.get("html") if "dl-digits" in html.proto.body)
    assert bars.count('class="dl-bars"') == 3


def small_digits_model() -> Model:
    """A network for the 8×8 digits, as a visitor may bring one."""
    split = shipped_split("digits-8x8", SplitSettings(dev_size=0.2))
    run = TrainingRun(NetworkConfig(hidden_sizes=(32,)), TrainingConfig(epochs=5, learning_rate=0.01))
    for _record in train(run, split):
        pass
    return run.model()


def second_list(app: AppTest) -> Any:
    return next(box for box in app.selectbox if box.label == "Second model")


def test_a_second_model_answers_the_same_drawing_when_it_is_chosen(app: AppTest) -> None:
    assert not [box for box in app.selectbox if box.label == "Second model"]  # there is one model
    session = session_of(app)
    session.uploaded_model, session.uploaded_model_name = small_digits_model(), "small.npz"
    session.drawing = {"objects": [stroke(SEVEN)]}
    app.run()
    assert "dl-two" not in card(app)
    second_list(app).set_value(UPLOADED_MODEL).run()
    assert card(app).count('class="dl-answer') == 2
    assert "small.npz" in card(app)
    bars = next(html.proto.body for html in app.get("html") if "dl-bars" in html.proto.body)
    assert bars.count("<ul") == 2
    model_list(app).set_value(UPLOADED_MODEL).run()  # the first: it answers alone
    assert card(app).count('class="dl-answer') == 1
    second_list(app).set_value("mnist").run()
    app.segmented_control(key="draw_way").set_value("number").run()
    assert card(app).count('class="dl-answer') == 1
    app.segmented_control(key="draw_way").set_value("file").run()
    app.file_uploader(key="draw_file").upload("seven.png", picture(digit=True), "image/png").run()
    assert card(app).count('class="dl-answer') == 2
    assert 'class="dl-guess">?' not in card(app)
    second_list(app).set_value(None).run()
    assert card(app).count('class="dl-answer') == 1


def test_the_nearest_training_images_are_shown_with_their_labels_on_request(app: AppTest) -> None:
    session_of(app).drawing = {"objects": [stroke(SEVEN)]}
    app.run()
    assert not grids(app)
    app.toggle(key="draw_neighbours").set_value(True).run()
    assert grids(app)[-1].count("<img") == 10
    assert "The 10 training images that look most like this to the network: `7` × " in " ".join(
        caption.value for caption in app.caption
    )
    session_of(app).drawing = None
    app.run()
    assert not grids(app)


def test_the_model_that_answers_goes_home_as_a_page_and_as_c_code_whose_size_is_told(
    app: AppTest,
) -> None:
    page, code = (app.get("download_button")[k].proto for k in (0, 1))
    assert [page.label, code.label] == ["Take this network home (.html)", "C code (.zip)"]
    assert "47,584 bytes of constants, 46,080 of working memory, 1,083,008 multiplications" in code.help


def test_a_number_in_a_picture_is_read_when_the_visitor_says_so(app: AppTest) -> None:
    page = Image.new("L", (300, 200), 240)
    for path in ([(30, 50), (110, 50), (70, 150)], [(200, 50), (200, 150)]):
        ImageDraw.Draw(page).line(path, fill=30, width=10)
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    app.segmented_control(key="draw_way").set_value("file").run()
    app.file_uploader(key="draw_file").upload("number.png", buffer.getvalue(), "image/png").run()
    assert "more than one" in app.warning[0].value
    app.toggle(key="draw_several").set_value(True).run()
    assert not app.warning
    assert guess(app) == "71"
    app.file_uploader(key="draw_file").upload("blank.png", picture(digit=False), "image/png").run()
    assert "No digits were found" in app.warning[0].value
    app.file_uploader(key="draw_file").upload("none.png", b"no picture", "image/png").run()
    assert app.error
