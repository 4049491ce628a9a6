// Puts a value into the storage of this tab, or, when the server asks with null, hands back what lies there.
// A reload leaves the storage as it is, and so does a server that starts again.
export default ({ data, setTriggerValue }) => {
  const place = `digit-lab ${data.name}`;
  try {
    if (data.value !== null) return void sessionStorage.setItem(place, data.value);
    const found = sessionStorage.getItem(place);
    if (found) setTriggerValue("found", found);
  } catch {
    // The browser keeps nothing for this page: it is as if nothing had been put there.
  }
};
