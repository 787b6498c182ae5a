// What the pages make of the master's /state.

const terminal = new Set(['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST', 'TASK_ERROR', 'TASK_DROPPED', 'TASK_GONE', 'TASK_GONE_BY_OPERATOR']);

export const isTerminal = (state) => terminal.has(state);

// taskStates in the order of a task's life.
export const taskStates = ['STAGING', 'STARTING', 'RUNNING', 'KILLING', 'FINISHED', 'KILLED', 'FAILED', 'LOST', 'ERROR', 'UNREACHABLE'];

export const resourceNames = ['cpus', 'mem', 'disk', 'gpus'];

// derive turns a state into lists that refer to each other.
export function derive(state) {
  const agents = named(state.slaves ?? []);
  const agentsById = new Map(agents.map((a) => [a.id, a]));
  const frameworks = [
    ...(state.frameworks ?? []).map((f) => framework(f, f.active ? 'active' : 'inactive')),
    ...(state.completed_frameworks ?? []).map((f) => framework(f, 'completed')),
  ];
  const tasks = frameworks.flatMap((f) => [
    ...(f.tasks ?? []).map((t) => task(t, f, agentsById, isTerminal(t.state) ? 'completed' : 'active')),
    ...(f.unreachable_tasks ?? []).map((t) => task(t, f, agentsById, 'unreachable')),
    ...(f.completed_tasks ?? []).map((t) => task(t, f, agentsById, 'completed')),
  ]);
  return {
    state, agents, agentsById, frameworks, tasks, tasksByAgent: Map.groupBy(tasks, (t) => t.slave_id),
    frameworksById: new Map(frameworks.map((f) => [f.id, f])),
    offers: (state.frameworks ?? []).flatMap((f) => (f.offers ?? []).map((o) => ({ ...o, framework: f, agent: agentsById.get(o.slave_id) }))),
    resources: sums(agents),
  };
}

// named gives each agent the name by which people tell it from others: its host, with
// the port where several share one.
function named(agents) {
  const sharing = new Map();
  for (const a of agents) sharing.set(a.hostname, (sharing.get(a.hostname) ?? 0) + 1);
  return agents.map((a) => ({ ...a, label: sharing.get(a.hostname) > 1 ? agentAddress(a).address : a.hostname }));
}

function framework(f, group) {
  return { ...f, group, roleNames: f.roles ?? [f.role] };
}

// task adds what belongs to a task: its framework and agent, when it began and
// ended (seconds since 1970, 0 when it has not), and where its sandbox is.
function task(t, f, agentsById, group) {
  const statuses = t.statuses ?? [];
  const first = statuses[0];
  const last = statuses.at(-1);
  return {
    ...t, group, framework: f,
    key: `${f.id}/${t.id}/${t.slave_id}/${first?.timestamp ?? 0}`,
    agent: agentsById.get(t.slave_id),
    began: first && !isTerminal(first.state) ? first.timestamp : 0,
    ended: last && isTerminal(last.state) ? last.timestamp : 0,
    healthy: last?.healthy,
    sandbox: sandboxOf(t, f),
  };
}

// sandboxOf is the virtual path under which an agent shows a task's sandbox. A
// task without an executor runs in one that has its id; those of a default
// executor have a directory each.
function sandboxOf(t, f) {
  const id = t.executor_id || t.id;
  const executor = (f.executors ?? []).find((e) => e.executor_id === id && e.slave_id === t.slave_id);
  const run = `/frameworks/${f.id}/executors/${id}/runs/latest`;
  return executor?.type === 'DEFAULT' ? `${run}/tasks/${t.id}` : run;
}

// sums adds up the agents: total, used and offered by resource name.
function sums(agents) {
  const sum = {};
  for (const name of resourceNames) {
    const of = (field) => agents.reduce((n, a) => n + (a[field]?.[name] ?? 0), 0);
    sum[name] = { total: of('resources'), used: of('used_resources'), offered: of('offered_resources') };
  }
  return sum;
}

// agentState says what state an agent is in, as Mesos' web UI does.
export function agentState(agent) {
  if (agent.deactivated) {
    const drain = agent.drain_info?.state;
    return drain ? drain[0] + drain.slice(1).toLowerCase() : 'Deactivated';
  }
  return agent.active ? 'Active' : 'Disconnected';
}

// agentAddress is "host:port" of an agent; its process is the first part of paths.
export function agentAddress(agent) {
  const [process, at] = agent.pid.split('@');
  const port = at.slice(at.lastIndexOf(':') + 1);
  const host = agent.hostname.includes(':') ? `[${agent.hostname}]` : agent.hostname;
  return { address: `${host}:${port}`, process };
}

// taskCounts counts tasks by state, without "TASK_".
export function taskCounts(tasks) {
  const counts = {};
  for (const t of tasks) {
    const name = t.state.replace('TASK_', '');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
