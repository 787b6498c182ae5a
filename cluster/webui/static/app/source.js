// Where data comes from: the master by fetch, agents by way of the relay frame.

import { setClock } from './format.js';
import { agentAddress } from './model.js';

const timeoutMs = 10_000;

// Failure says what went wrong in words for a person. leader is set when another
// master leads.
export class Failure extends Error {
  constructor(message, { leader = false, status = 0 } = {}) {
    super(message);
    this.leader = leader;
    this.status = status;
  }
}

// master gets a JSON page of the master, or posts a call to it. It fails with a
// Failure.
export async function master(path, { call, signal } = {}) {
  const limit = AbortSignal.timeout(timeoutMs);
  let response;
  try {
    response = await fetch(path, {
      redirect: 'manual', cache: 'no-store', signal: signal ? AbortSignal.any([signal, limit]) : limit,
      ...(call && { method: 'POST', body: JSON.stringify(call), headers: { 'Content-Type': 'application/json', Accept: 'application/json' } }),
    });
    if (response.ok) {
      const date = Date.parse(response.headers.get('Date'));
      if (date) setClock(date);
      return await response.json();
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure(limit.aborted ? `the master gave no answer within ${timeoutMs / 1000} s` : 'the master does not answer');
  }
  throw await refusal(response, path);
}

async function refusal(response, path) {
  if (response.type === 'opaqueredirect') return new Failure('this master does not lead', { leader: true });
  if (response.status === 401) return new Failure('the master asks who you are: reload this page and sign in', { status: 401 });
  const text = (await response.text().catch(() => '')).slice(0, 200);
  return new Failure(`${path}: ${response.status} ${text || response.statusText}`, { status: response.status });
}

// relays are the frames by agent address.
const relays = new Map();

// agent gets a page of an agent. It fails with a Failure.
export async function agent(target, path, query = {}) {
  const { address } = agentAddress(target);
  if (!relays.has(address)) relays.set(address, relay(address));
  const url = new URL(`${location.protocol}//${address}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return relays.get(address).ask(url.href);
}

// agentPage gets a page of the agent's own process: state, monitor/statistics.
export const agentPage = (target, page) => agent(target, `/${agentAddress(target).process}/${page}`);

// explain finds out why an agent refused a page: a script that is refused does not
// tell. It gives 'missing' when the agent shows others, 'closed' when it shows only
// what is open to everybody, and 'gone' when it does not answer at all.
export async function explain(target) {
  const shows = (page) => page.then(() => true, () => false);
  if (await shows(agentPage(target, 'flags'))) return 'missing';
  return (await shows(agent(target, '/version'))) ? 'closed' : 'gone';
}

// agentLink is a page of an agent to open in another tab.
export const agentLink = (target, page) => `//${agentAddress(target).address}/${page}`;

// downloadLink is where a file of an agent can be downloaded.
export function downloadLink(target, path) {
  const base = target ? `//${agentAddress(target).address}` : '';
  return `${base}/files/download?path=${encodeURIComponent(path)}`;
}

// relay makes the frame that asks one agent, and matches answers with questions.
function relay(address) {
  const waiting = new Map();
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = `data of ${address}`;
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.src = `/app/relay.html?agent=${encodeURIComponent(address)}`;
  let ready;
  const started = new Promise((resolve) => { ready = resolve; });
  window.addEventListener('message', (event) => {
    const message = event.data;
    if (event.source !== frame.contentWindow || typeof message !== 'object' || message === null) return;
    if (message.ready) ready();
    waiting.get(message.id)?.(message);
  });
  document.body.append(frame);
  let last = 0;
  return {
    ask: (url) => new Promise((resolve, reject) => {
      const id = ++last;
      const give = (answer) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (answer.error) reject(new Failure(`agent ${address}: ${answer.error}`));
        else resolve(answer.data);
      };
      const timer = setTimeout(() => give({ error: 'no answer' }), timeoutMs + 2000);
      waiting.set(id, give);
      started.then(() => frame.contentWindow.postMessage({ id, url }, '*'));
    }),
  };
}

// reader reads files: those of an agent, or the master's own when target is null.
export function reader(target) {
  const get = (path, query) => (target ? agent(target, path, query) : master(`${path}?${new URLSearchParams(query)}`));
  return {
    browse: (path) => get('/files/browse', { path }),
    size: async (path) => (await get('/files/read', { path, offset: -1 })).offset,
    read: async (path, offset, length) => (await get('/files/read', { path, offset, length })).data,
    download: (path) => downloadLink(target, path),
    // why says what an error of the above means: missing, closed or gone.
    why: async (error) => (target ? explain(target) : error.status === 404 ? 'missing' : 'gone'),
  };
}
