// How numbers, times and ids are written.

import { h } from './dom.js';

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

// bytes writes a size, "4.1 KB".
export function bytes(n) {
  if (!Number.isFinite(n)) return '–';
  let unit = 0;
  while (Math.abs(n) >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${number(n, unit === 0 ? 0 : 1)} ${units[unit]}`;
}

// megabytes writes what Mesos counts in MB.
export const megabytes = (n) => (n ? bytes(n * 1024 * 1024) : '0 MB');

// number writes at most so many decimals, and no zeros at the end.
export function number(n, decimals = 2) {
  return Number.isFinite(n) ? String(Number(n.toFixed(decimals))) : '–';
}

// amount writes a resource by its name.
export const amount = (name, n) => (name === 'mem' || name === 'disk' ? megabytes(n) : number(n, 3));

// clock is the master's: what it is ahead of this browser, in seconds.
const clock = { ahead: 0 };

// setClock takes the master's time (ms) where it differs by more than a Date
// header's precision.
export function setClock(masterMs) {
  const ahead = (masterMs - Date.now()) / 1000;
  clock.ahead = Math.abs(ahead) > 3 ? ahead : 0;
}

const nowSeconds = () => Date.now() / 1000 + clock.ahead;

// duration writes seconds in their two largest units, "3 min 20 s".
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(Math.max(0, seconds) * 1000)} ms`;
  if (seconds < 10) return `${number(Math.max(0, seconds), 1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return two(s, 60, 'min', 1, 's');
  if (s < 86400) return two(s, 3600, 'h', 60, 'min');
  return two(s, 86400, 'd', 3600, 'h');
}

function two(s, large, largeName, small, smallName) {
  const rest = Math.floor((s % large) / small);
  return `${Math.floor(s / large)} ${largeName}${rest ? ` ${rest} ${smallName}` : ''}`;
}

// ago writes how long ago a time was, coarsely.
export function ago(seconds) {
  const s = Math.round(nowSeconds() - seconds);
  if (s < -1) return `in ${coarse(-s)}`;
  return s < 2 ? 'just now' : `${coarse(s)} ago`;
}

function coarse(s) {
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

// exact writes a time (seconds since 1970) with its zone.
export const exact = (seconds) => new Date(seconds * 1000).toLocaleString(undefined, {
  year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short',
});

// time shows a time relative to now; the pointer gets the exact one.
export function time(seconds) {
  if (!validTime(seconds)) return '–';
  return h('time', { datetime: new Date(seconds * 1000).toISOString(), title: exact(seconds) }, ago(seconds));
}

const validTime = (seconds) => Number.isFinite(seconds) && seconds > 0 && seconds < 8.64e12;

// shortId cuts what all ids of a master have in common: "…4a7e8f3d2c1b-0003".
export function shortId(id) {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{12}.*)$/i.exec(id);
  return uuid ? '…' + uuid[1] : id;
}

// plural writes a count with its noun.
export const plural = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;
