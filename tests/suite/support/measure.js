// Looks at a page in a frame of some width: what can't be read, what is cut off, what is wider than the page.
const frame = document.getElementById("page");
frame.addEventListener("load", () => {
  const page = frame.contentDocument;
  const view = frame.contentWindow;
  const numbers = (colour) => {
    const parts = colour.match(/[\d.]+(e-?\d+)?/g).map(Number);
    const [r, g, b, a = 1] = parts;
    return colour.startsWith("color(") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((it, i) => it * a + below[i] * (1 - a));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const own = numbers(view.getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((it) => it / 255).map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (colour, ground) => {
    const [a, b] = [light(over(numbers(colour), ground)), light(ground)].sort((a, b) => b - a);
    return (a + 0.05) / (b + 0.05);
  };
  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    return element.checkVisibility() && box.width > 1 && box.height > 1 && box.right > 0;
  };
  const found = { texts: 0, shapes: 0, faint: [], wide: [], reasons: [], cut: [], page: page.documentElement.scrollWidth };
  const judge = (kind, element, colour, ground, needed) => {
    found[kind] += 1;
    const ratio = contrast(colour, ground);
    if (ratio < needed) found.faint.push(`${element.outerHTML.slice(0, 90)} has ${ratio.toFixed(2)}, needs ${needed}`);
  };
  for (const element of page.body.querySelectorAll("*")) {
    const style = view.getComputedStyle(element);
    const isText = [...element.childNodes].some((it) => it.nodeType === 3 && it.data.trim());
    if (isText && !element.closest("svg") && isSeen(element)) {
      const [size, weight] = [parseFloat(style.fontSize), Number(style.fontWeight)];
      judge("texts", element, style.color, behind(element), size >= 24 || (size >= 18.66 && weight >= 700) ? 3 : 4.5);
    }
    if (element.matches("svg .good, svg .bad, svg .warn, svg .idle, svg .accent, svg .pale, svg .ground")) {
      judge("shapes", element, style.fill, behind(element.closest("svg").parentElement), 3);
    }
    if (element.matches("svg .line, svg .spot, svg .goal")) {
      judge("shapes", element, style.stroke, behind(element.closest("svg").parentElement), 3);
    }
    if (element.matches(".legend span:not(.goal)")) judge("shapes", element, style.backgroundColor, behind(element.parentElement), 3);
    if (!element.closest(".scroll") && isSeen(element) && element.getBoundingClientRect().right > view.innerWidth + 0.5) {
      found.wide.push(element.outerHTML.slice(0, 90));
    }
    if (element.matches(".reasons li, .reason, .why, .command") ) {
      if (isSeen(element)) found.reasons.push(element.textContent);
      if (!isSeen(element) || element.scrollWidth > element.clientWidth + 1 && style.display !== "inline" || style.overflow !== "visible" || style.webkitLineClamp !== "none") {
        found.cut.push(element.textContent);
      }
    }
  }
  document.getElementById("found").textContent = JSON.stringify(found);
});
