// A grid of pictures, each a button that opens it: tells Python the place of the one that was pressed.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".dl-gallery");
  if (root.dlHtml !== data.html) root.innerHTML = root.dlHtml = data.html; // else the focus would be lost
  root.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) setTriggerValue("opened", [...root.querySelectorAll("button")].indexOf(button));
  };
}
