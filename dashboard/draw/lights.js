
// The panel as a part of the Draw page. live.js hands it each answer.
export default ({ data, parentElement }) => {
  const place = parentElement.querySelector(".dl-lights");
  const canvas = place.querySelector("canvas");
  if (window.digitLabLights?.canvas !== canvas) {
    window.digitLabLights?.end();
    window.digitLabLights = new Lights(place, data);
  }
  const lights = window.digitLabLights;
  window.digitLabLive?.show?.();
  // Streamlit also calls this for a call that a newer one has overtaken: only what has left the page is ended.
  return () => setTimeout(() => canvas.isConnected || lights.end());
};
