// Asks the master for its state again and again and shows the page that the
// address names.

import { h, render } from './dom.js';
import { duration } from './format.js';
import { closePanes } from './log.js';
import { derive } from './model.js';
import { notice } from './parts.js';
import { route, tabs } from './routes.js';
import { master } from './source.js';
import { onRedraw } from './view.js';

// The pace: at least so long between two questions, and so many times as long as
// an answer took, so that a large cluster is not kept busy by its spectators.
const pauseMs = 1500;
const pauseFactor = 10;
const longestPauseMs = 60_000;
const firstRetryMs = 1000;
const longestRetryMs = 30_000;
const cheapDrawMs = 50;

const app = {
  at: route(location.hash),
  model: null,
  extra: undefined,
  extraError: '',
  paused: false,
  failure: null, // why the last question had no answer
  failedAt: 0,
  retryMs: firstRetryMs,
  nextAt: 0, // when the next question is asked
  timer: 0,
  drawMs: 0, // what the last drawing took
  stop: null, // ends the question under way
};

async function refresh() {
  clearTimeout(app.timer);
  app.stop?.abort();
  const stop = app.stop = new AbortController();
  const began = performance.now();
  app.asking = true;
  draw();
  try {
    app.model = derive(await master('/state', { signal: stop.signal }));
    app.failure = null;
    app.retryMs = firstRetryMs;
    await loadExtra(stop.signal);
    if (stop.signal.aborted) return;
    app.asking = false;
    draw();
    schedule(Math.min(longestPauseMs, Math.max(pauseMs, pauseFactor * (performance.now() - began))));
  } catch (error) {
    if (stop.signal.aborted) return;
    app.asking = false;
    failed(error);
  }
}

async function loadExtra(signal) {
  const { page } = app.at;
  if (!page?.load) return;
  try {
    const extra = await page.load({ ...app.at, model: app.model, signal });
    if (!signal.aborted) Object.assign(app, { extra, extraError: '' });
  } catch (error) {
    if (signal.aborted) throw error;
    app.extraError = error.message;
  }
}

function failed(error) {
  if (!app.failure) app.failedAt = Date.now();
  app.failure = error;
  if (error.status === undefined) console.error(error); // a mistake of ours
  if (error.leader) setTimeout(() => location.assign(leaderLink()), 1000);
  schedule(app.retryMs);
  app.retryMs = Math.min(longestRetryMs, app.retryMs * 2);
  draw();
}

// leaderLink leads to the same page of the master that leads.
const leaderLink = () => '/redirect' + location.hash;

function schedule(ms) {
  clearTimeout(app.timer);
  app.nextAt = Date.now() + ms;
  if (!app.paused && !document.hidden) app.timer = setTimeout(refresh, ms);
}

function draw() {
  drawHeader();
  drawBanner();
  const main = document.getElementById('content');
  const { page } = app.at;
  main.className = [page?.wide ? 'wide' : '', app.failure ? 'stale' : ''].join(' ').trim();
  if (!page) {
    render(main, notice('bad', 'There is no such page. ', h('a', { href: '#/' }, 'Overview')));
  } else if (app.model) {
    drawPage(main, page);
  } else if (!app.failure) {
    render(main, h('p', { class: 'loading', key: 'loading' }, 'Asking the master…'));
  } else {
    render(main);
  }
}

function drawPage(main, page) {
  const began = performance.now();
  const ctx = { ...app.at, model: app.model, extra: app.extra };
  try {
    document.title = `${page.title(ctx)} · ${app.model.state.cluster || 'mesosbook'}`;
    render(main, app.extraError ? notice('bad', app.extraError) : null, page.view(ctx));
  } catch (error) { // data of a kind that no master or agent should send
    console.warn(error);
    render(main, notice('bad', `This page cannot be shown: ${error.message}`));
  }
  app.drawMs = performance.now() - began;
}

function drawHeader() {
  const state = app.failure ? 'lost' : app.paused ? 'paused' : 'live';
  const words = { lost: 'No answer', paused: 'Paused', live: 'Live' }[state];
  render(document.getElementById('header'),
    h('a', { class: 'brand', href: '#/' }, h('img', { src: '/app/icon.svg', alt: '', width: '22', height: '22' }), h('b', null, 'mesosbook'),
      app.model?.state.cluster ? h('span', null, app.model.state.cluster) : null),
    h('nav', { 'aria-label': 'Pages' }, tabs.map(([name, path]) => h('a', {
      href: `#/${path}`, key: name, 'aria-current': app.at.tab === path ? 'page' : undefined,
    }, name, count(path)))),
    h('button', {
      class: `status ${state}`, onclick: togglePause, 'aria-pressed': String(app.paused),
      title: app.paused ? 'Go on refreshing (p)' : 'Stop refreshing (p)',
    }, words));
}

function count(path) {
  const counts = app.model && { agents: app.model.agents.length, frameworks: (app.model.state.frameworks ?? []).length, offers: app.model.offers.length };
  const n = counts?.[path];
  return n ? h('span', { class: 'count' }, String(n)) : null;
}

function drawBanner() {
  const element = document.getElementById('banner');
  if (!app.failure) {
    render(element);
    return;
  }
  const gone = (Date.now() - app.failedAt) / 1000;
  const wait = Math.max(0, Math.ceil((app.nextAt - Date.now()) / 1000));
  const said = app.failure.message[0].toUpperCase() + app.failure.message.slice(1);
  render(element, h('div', { class: 'banner' },
    h('strong', null, `${said}.`),
    app.failure.leader ? h('span', null, 'Going to the leader… ', h('a', { href: leaderLink() }, 'go now'))
      : [h('span', { 'aria-hidden': 'true' }, app.model ? `What you see is ${duration(gone)} old. ` : '', app.asking ? 'Asking again…' : app.paused ? 'Paused.' : `Next try in ${wait} s.`),
        h('button', { onclick: refresh }, 'Try now')]));
}

function togglePause() {
  app.paused = !app.paused;
  if (app.paused) clearTimeout(app.timer);
  else refresh();
  draw();
}

function navigate() {
  const next = route(location.hash);
  if (next.page?.redirect) {
    location.replace(next.page.redirect(next.params));
    return;
  }
  const same = next.hash === app.at.hash;
  Object.assign(app, { at: next, extra: undefined, extraError: '' });
  if (same) return;
  closePanes();
  draw();
  window.scrollTo(0, 0);
  document.getElementById('content').focus({ preventScroll: true });
  document.querySelector('#header [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  refresh();
}

// typed is for keys outside of fields: / filters, p pauses.
function typed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select')) return;
  if (event.key === '/') {
    const filter = document.querySelector('.filter');
    if (!filter) return;
    event.preventDefault();
    filter.focus();
  } else if (event.key === 'p') {
    togglePause();
  }
}

// tick lets relative times go on, where that is cheap.
function tick() {
  if (document.hidden) return;
  if (app.drawMs < cheapDrawMs) draw();
  else drawBanner();
}

onRedraw(draw);
window.addEventListener('hashchange', navigate);
window.addEventListener('keydown', typed);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(app.timer);
  else if (!app.paused) refresh();
});
setInterval(tick, 1000);
if (app.at.page?.redirect) navigate();
refresh();
