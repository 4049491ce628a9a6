// Copies the link to this page. Pages without https, and some browsers, have no clipboard: then the link stands in
// a field, selected. What was said of one link goes when the button is given another.
export default ({ data, parentElement }) => {
  const root = parentElement.querySelector(".dl-copy");
  const [button, said, field] = ["button", "span", "input"].map((tag) => root.querySelector(tag));
  const link = `${location.origin}${location.pathname}?${data.query}`;
  button.textContent = data.label;
  field.setAttribute("aria-label", data.label);
  if (field.value !== link) {
    field.value = link;
    field.hidden = true;
    said.textContent = "";
  }
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = data.copied;
      field.hidden = true;
    } catch {
      said.textContent = data.by_hand;
      field.hidden = false;
      field.focus();
      field.select();
    }
  };
};
