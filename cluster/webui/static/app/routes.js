// Which page an address (#/agents/ID/browse?path=...) stands for.

import { home, maintenance, offers, roles } from './pages_cluster.js';
import { framework, frameworks, task } from './pages_frameworks.js';
import { agent, agentFramework, agents, browse, executor, masterLog, read, sandboxPath } from './pages_agents.js';
import { to } from './parts.js';

// A page has title(ctx), view(ctx), and load(ctx) if it needs more than the
// master's state. ctx: model, params, query, extra (what load gave), signal.
const routes = [
  ['', home],
  ['frameworks', frameworks],
  ['frameworks/:', framework],
  ['frameworks/:/tasks/:', task],
  ['agents', agents],
  ['agents/:', agent],
  ['agents/:/browse', browse],
  ['agents/:/read', read],
  ['agents/:/frameworks/:', agentFramework],
  ['agents/:/frameworks/:/executors/:', executor],
  ['agents/:/frameworks/:/executors/:/browse', { redirect: ([a, f, e]) => to.browse(a, sandboxPath(f, e)) }],
  ['agents/:/frameworks/:/executors/:/tasks/:/browse', { redirect: ([a, f, e, t]) => to.browse(a, sandboxPath(f, e, t)) }],
  ['roles', roles],
  ['offers', offers],
  ['maintenance', maintenance],
  ['log', masterLog],
];

export const tabs = [['Overview', ''], ['Frameworks', 'frameworks'], ['Agents', 'agents'], ['Offers', 'offers'], ['Roles', 'roles'], ['Maintenance', 'maintenance']];

// route finds the page of a hash; page is undefined when there is none.
export function route(hash) {
  const [path, search = ''] = split(hash.replace(/^#\/?/, ''), '?');
  const parts = path.replace(/\/+$/, '').split('/');
  for (const [pattern, page] of routes) {
    const params = match(pattern.split('/'), parts);
    if (params) return { page, params, query: new URLSearchParams(search), tab: parts[0] === 'log' ? '' : parts[0], hash };
  }
  return { page: undefined, params: [], query: new URLSearchParams(), tab: undefined, hash };
}

function split(text, at) {
  const i = text.indexOf(at);
  return i < 0 ? [text] : [text.slice(0, i), text.slice(i + 1)];
}

function match(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const params = [];
  for (const [i, want] of pattern.entries()) {
    if (want === ':') params.push(decode(parts[i]));
    else if (want !== parts[i]) return null;
  }
  return params;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray percent sign
  }
}
