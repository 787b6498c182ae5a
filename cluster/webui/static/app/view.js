// What belongs to the view rather than to the cluster: sort orders, filters, and
// the wish to draw the page again.

const hooks = { redraw() {} };

// onRedraw sets what redraw() does.
export function onRedraw(draw) {
  hooks.redraw = draw;
}

// redraw draws the page from the data at hand.
export const redraw = () => hooks.redraw();

const memory = new Map();
const storageKey = (id) => 'mesosbook:' + id;

// remembered is a small object that outlives page changes and, where the browser
// allows it, reloads of this tab.
export function remembered(id, defaults) {
  if (!memory.has(id)) memory.set(id, { ...defaults, ...stored(id) });
  return memory.get(id);
}

// remember changes a remembered object and draws the page again.
export function remember(id, changes) {
  const all = Object.assign(memory.get(id) ?? {}, changes);
  memory.set(id, all);
  try {
    sessionStorage.setItem(storageKey(id), JSON.stringify(all));
  } catch {
    // Without storage it lasts until the page is left.
  }
  redraw();
}

function stored(id) {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey(id))) ?? {};
  } catch {
    return {};
  }
}
