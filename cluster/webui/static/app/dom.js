// Views. A page is described with h() and brought onto the screen with render(),
// which changes only what differs: focus, selection and scroll positions last
// while the data is refreshed.
//
// Whatever users named something, it arrives here as a string and leaves as a
// text node or an attribute. There is no way to hand in markup.

// views remembers which description an element shows.
const views = new WeakMap();

// h describes an element. Attributes: onclick and the like are functions, style
// is an object, true and false add and drop an attribute, key tells siblings
// apart. Children are strings, numbers, descriptions, lists of them; null,
// undefined and false are nothing.
export function h(tag, attrs, ...children) {
  return { tag, attrs: attrs ?? {}, key: attrs?.key, children: flatten(children) };
}

// own describes an element that looks after its content itself.
export function own(element, key) {
  return { element, key };
}

// render makes views the content of an element.
export function render(parent, ...content) {
  patchChildren(parent, flatten(content));
}

function flatten(children) {
  return children.flat(Infinity)
    .filter((c) => c !== null && c !== undefined && c !== false)
    .map((c) => (typeof c === 'object' ? c : String(c)));
}

function patchChildren(parent, content) {
  const reuse = reusable(parent);
  const nodes = content.map((view) => {
    const node = view.element ?? reuse(view) ?? create(view);
    patch(node, view);
    return node;
  });
  const keep = new Set(nodes);
  for (const node of [...parent.childNodes]) {
    if (!keep.has(node)) node.remove();
  }
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

// reusable gives a function that finds the old node for a view: the one with its
// key, or else the first without a key that is of its kind.
function reusable(parent) {
  const keyed = new Map();
  const loose = [];
  for (const node of parent.childNodes) {
    const key = views.get(node)?.key;
    if (key === undefined) loose.push(node);
    else keyed.set(key, node);
  }
  return (view) => {
    if (view.key !== undefined) {
      const node = keyed.get(view.key);
      keyed.delete(view.key);
      return node && kind(node) === view.tag ? node : undefined;
    }
    const wanted = typeof view === 'string' ? '#text' : view.tag;
    const i = loose.findIndex((node) => kind(node) === wanted && !views.get(node)?.element);
    return i < 0 ? undefined : loose.splice(i, 1)[0];
  };
}

const kind = (node) => (node.nodeType === Node.TEXT_NODE ? '#text' : node.localName);

function create(view) {
  return typeof view === 'string' ? document.createTextNode(view) : document.createElement(view.tag);
}

function patch(node, view) {
  if (typeof view === 'string') {
    if (node.data !== view) node.data = view;
    return;
  }
  const old = views.get(node);
  views.set(node, view);
  if (view.element) return;
  patchAttributes(node, old?.attrs ?? {}, view.attrs);
  patchChildren(node, view.children);
}

function patchAttributes(node, old, now) {
  for (const name of Object.keys(old)) {
    if (!(name in now)) setAttribute(node, name, undefined);
  }
  for (const [name, value] of Object.entries(now)) {
    if (name === 'value' || value !== old[name]) setAttribute(node, name, value);
  }
}

function setAttribute(node, name, value) {
  if (name === 'key') return;
  if (name.startsWith('on')) {
    node[name] = value ?? null;
  } else if (name === 'style') {
    node.style.cssText = '';
    for (const [property, v] of Object.entries(value ?? {})) node.style.setProperty(property, v);
  } else if (name === 'value') {
    if (node.value !== value) node.value = value ?? '';
  } else {
    const text = name === 'href' ? safeLink(value) : value;
    if (text === undefined || text === null || text === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(text)) node.setAttribute(name, text === true ? '' : text);
  }
}

// safeLink lets only links to pages through: a framework's web UI address may be
// "javascript:..." for all we know.
export function safeLink(link) {
  if (typeof link !== 'string' || link === '') return undefined;
  try {
    return ['http:', 'https:'].includes(new URL(link, location.href).protocol) ? link : undefined;
  } catch {
    return undefined;
  }
}
