// The pages about the cluster as a whole.

import { h } from './dom.js';
import { amount, exact, number, time } from './format.js';
import { agentState, resourceNames } from './model.js';
import { master } from './source.js';
import { table } from './table.js';
import { badge, code, facts, idLink, link, metricCounts, page, pageWith, resourceBars, resourceText, resourceTitles, taskTable, taskTiles, to } from './parts.js';

export const home = {
  title: () => 'Overview',
  load: async (ctx) => ({ metrics: await master('/metrics/snapshot', { signal: ctx.signal }).catch(() => null) }),
  view: ({ model, extra }) => {
    const s = model.state;
    const tasks = (group) => model.tasks.filter((t) => t.group === group);
    const active = tasks('active');
    const unreachable = tasks('unreachable');
    const subscribed = (s.frameworks ?? []).length > 0;
    return pageWith(s.cluster || 'Cluster', [`Mesos ${s.version} · master ${masterAddress(s)} · started `, time(s.start_time)],
      h('div', { class: 'columns', key: 'top' },
        resourceBars(model.resources),
        taskTiles(metricCounts(extra?.metrics, model.tasks), 'Tasks since the master started')),
      taskTable('home-active', 'Active tasks', active, { without: ['Role'], empty: subscribed ? launchHint() : subscribeHint() }),
      unreachable.length ? taskTable('home-unreachable', 'Unreachable tasks', unreachable, { without: ['Role'] }) : null,
      taskTable('home-completed', 'Completed tasks', tasks('completed'), { ended: true, without: ['Role'], empty: 'Tasks that have finished, failed or been killed are listed here.' }),
      masterCard(s, model));
  },
};

export const subscribeHint = () => ['No framework yet. In a cell: ', code('subscribe()')];
const offersHint = () => ['No offer is outstanding. What was declined comes back after its refuse_seconds, or at once with ', code('revive()'), ' in a cell.'];
const launchHint = () => ['No task runs. In a cell: ', code('launch("sleep 1000")')];

const masterAddress = (s) => (s.leader_info ? `${s.leader_info.hostname}:${s.leader_info.port}` : s.leader ?? '');

function masterCard(s, model) {
  const count = (n) => Math.round(n ?? 0);
  const agents = [`${count(s.activated_slaves)} active`, count(s.deactivated_slaves) && `${count(s.deactivated_slaves)} inactive`, count(s.unreachable_slaves) && `${count(s.unreachable_slaves)} unreachable`];
  return h('section', { class: 'card', key: 'master', 'aria-label': 'Master' },
    h('div', { class: 'card-head' }, h('h2', null, 'Master')),
    facts(
      ['Cluster', s.cluster],
      ['Address', masterAddress(s)],
      ['ID', h('span', { class: 'mono' }, s.id)],
      ['Version', [s.version, s.git_sha ? h('span', { class: 'faint' }, ` ${s.git_sha.slice(0, 7)}`) : null]],
      ['Built', s.build_time ? h('span', { title: exact(s.build_time) }, [s.build_date, s.build_user && ` by ${s.build_user}`]) : null],
      ['Started', time(s.start_time)],
      ['Elected', s.elected_time ? time(s.elected_time) : null],
      ['Agents', link('#/agents', agents.filter(Boolean).join(', '))],
      ['Frameworks', link('#/frameworks', frameworkCounts(model.frameworks))],
      ['Log', s.log_dir || s.external_log_file ? link('#/log', 'read the master’s log') : null],
      ['Data', h('span', { class: 'links' }, ['/state', '/metrics/snapshot', '/flags'].map((p) => h('a', { href: p, key: p }, p)))]));
}

function frameworkCounts(frameworks) {
  return ['active', 'inactive', 'completed'].map((group) => [frameworks.filter((f) => f.group === group).length, group])
    .filter(([n, group]) => n > 0 || group === 'active').map(([n, group]) => `${n} ${group}`).join(', ');
}

export const offers = {
  title: () => 'Offers',
  view: ({ model }) => page('Offers', table({
    id: 'offers', title: 'Outstanding offers', rows: model.offers, key: (o) => o.id, sort: 'ID',
    empty: model.state.frameworks?.length ? offersHint() : subscribeHint(),
    columns: [
      { name: 'ID', kind: 'mono', value: (o) => o.id, show: (o) => h('span', { title: o.id }, o.id.replace(/^.*(-O\d+)$/, '…$1')) },
      { name: 'Framework', value: (o) => o.framework.name, show: (o) => link(to.framework(o.framework.id), o.framework.name || o.framework.id) },
      { name: 'Role', value: (o) => o.allocation_info?.role ?? '' },
      { name: 'Agent', value: (o) => o.agent?.label ?? o.slave_id, show: (o) => h('a', { href: to.agent(o.slave_id), title: o.slave_id }, o.agent?.label ?? o.slave_id) },
      ...resourceNames.filter((name) => model.resources[name].total > 0).map((name) => ({ name: resourceTitles[name], kind: 'number', value: (o) => o.resources[name] ?? 0, show: (o) => amount(name, o.resources[name] ?? 0) })),
      { name: 'Ports', value: (o) => o.resources.ports ?? '', show: (o) => h('span', { class: 'mono' }, (o.resources.ports ?? '').replace(/^\[|\]$/g, '')) },
    ],
  })),
};

const quantities = (name, of) => ({ name, kind: 'text', value: (r) => of(r)?.cpus ?? 0, show: (r) => resourceText(of(r) ?? {}) });

export const roles = {
  title: () => 'Roles',
  load: async (ctx) => master('/roles', { signal: ctx.signal }),
  view: ({ model, extra }) => page('Roles', table({
    id: 'roles', title: 'Roles', rows: extra?.roles ?? [], key: (r) => r.name, sort: 'Role',
    empty: 'No role is in use: a role appears with the first framework in it, a quota, a weight or a reservation.',
    columns: [
      { name: 'Role', kind: 'name', value: (r) => r.name },
      { name: 'Weight', kind: 'number', value: (r) => r.weight, show: (r) => number(r.weight) },
      { name: 'Frameworks', value: (r) => r.frameworks.length, kind: 'text', show: (r) => frameworkNames(r, model) },
      quantities('Allocated', (r) => r.allocated),
      quantities('Offered', (r) => r.offered),
      quantities('Reserved', (r) => r.reserved),
      quantities('Guarantee', (r) => r.quota?.guarantee),
      quantities('Limit', (r) => r.quota?.limit),
    ],
  })),
};

function frameworkNames(role, model) {
  return h('span', { class: 'links' }, role.frameworks.slice(0, 5).map((id) => h('a', { href: to.framework(id), title: id, key: id }, model.frameworksById.get(id)?.name || id)),
    role.frameworks.length > 5 ? `and ${role.frameworks.length - 5} more` : null, role.frameworks.length === 0 ? '–' : null);
}

export const maintenance = {
  title: () => 'Maintenance',
  load: async (ctx) => {
    const [schedule, status] = await Promise.all([master('/maintenance/schedule', { signal: ctx.signal }), master('/maintenance/status', { signal: ctx.signal })]);
    return { schedule, status };
  },
  view: ({ model, extra }) => page('Maintenance',
    table({
      id: 'windows', title: 'Planned windows', rows: windows(extra), key: (w) => w.key, sort: 'Begins',
      empty: 'No maintenance is planned. The operator API plans it: UPDATE_MAINTENANCE_SCHEDULE.',
      columns: [
        { name: 'State', value: (w) => w.state, show: (w) => badge(w.state) },
        { name: 'Machine', kind: 'name', value: (w) => w.machine },
        { name: 'Begins', value: (w) => w.begins, show: (w) => time(w.begins) },
        { name: 'Ends', value: (w) => w.ends, show: (w) => (w.ends === Infinity ? 'open end' : time(w.ends)) },
        { name: 'Agents', value: (w) => w.agents(model).length, show: (w) => h('span', { class: 'links' }, w.agents(model).map((a) => idLink(to.agent(a.id), a.id))) },
        { name: 'Answers of frameworks', value: (w) => w.answers.length, show: (w) => w.answers.map((a) => a.status).join(', ') || '–' },
      ],
    }),
    drains(model)),
};

const nanoseconds = (n) => (n?.nanoseconds ?? 0) / 1e9;

function windows(extra) {
  const down = new Set((extra?.status?.down_machines ?? []).map(machineName));
  const answers = new Map((extra?.status?.draining_machines ?? []).map((m) => [machineName(m.id), m.statuses ?? []]));
  return (extra?.schedule?.windows ?? []).flatMap((w, i) => w.machine_ids.map((id) => {
    const begins = nanoseconds(w.unavailability.start);
    const machine = machineName(id);
    return {
      key: `${i} ${machine}`, machine, begins, state: down.has(machine) ? 'Drained' : 'Draining',
      ends: w.unavailability.duration ? begins + nanoseconds(w.unavailability.duration) : Infinity,
      answers: answers.get(machine) ?? [],
      agents: (model) => model.agents.filter((a) => a.hostname === id.hostname || a.pid.includes(`@${id.ip}:`)),
    };
  }));
}

const machineName = (id) => [id.hostname, id.ip && id.ip !== id.hostname ? `(${id.ip})` : ''].filter(Boolean).join(' ');

// drains are the agents taken out of service one by one.
function drains(model) {
  const rows = model.agents.filter((a) => a.deactivated || a.drain_info);
  return table({
    id: 'drains', title: 'Drained and deactivated agents', rows, key: (a) => a.id, sort: 'Agent',
    empty: 'Every agent takes tasks. The operator API changes that: DRAIN_AGENT, DEACTIVATE_AGENT.',
    columns: [
      { name: 'State', value: agentState, show: (a) => badge(agentState(a)) },
      { name: 'Agent', value: (a) => a.label, show: (a) => link(to.agent(a.id), a.label) },
      { name: 'ID', kind: 'mono', value: (a) => a.id, show: (a) => idLink(to.agent(a.id), a.id) },
      { name: 'Since', value: (a) => a.estimated_drain_start_time_seconds ?? 0, show: (a) => time(a.estimated_drain_start_time_seconds) },
      { name: 'Marked gone when drained', value: (a) => (a.drain_info?.config?.mark_gone ? 'yes' : 'no') },
      { name: 'CPUs in use', kind: 'number', value: (a) => a.used_resources[resourceNames[0]], show: (a) => number(a.used_resources.cpus) },
    ],
  });
}
