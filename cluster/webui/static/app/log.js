// A window on a file that goes on growing: its end at first, more of its start on
// demand, new text as it is written.

import { h, own, render } from './dom.js';
import { bytes } from './format.js';

const firstBytes = 48 * 1024; // from the end, when a file is opened
const pageBytes = 32 * 1024; // of one request; an agent gives at most 64 KB
const keepBytes = 2 * 1024 * 1024; // what is held on screen while following
const pauseMs = 1000;

const panes = new Map();

// logPane describes the pane of a file, short with a title. It lives until
// closePanes.
export function logPane(key, reader, path, options = {}) {
  if (!panes.has(key)) panes.set(key, new Pane(reader, path, options));
  return own(panes.get(key).element, key);
}

// closePanes ends all panes: another page is shown.
export function closePanes() {
  for (const pane of panes.values()) pane.close();
  panes.clear();
}

class Pane {
  constructor(reader, path, { title = null }) {
    Object.assign(this, { reader, path, title });
    this.start = this.end = this.size = 0; // bytes of the file: shown from, shown to, its size
    this.follow = true;
    this.wrap = true;
    this.problem = '';
    this.opened = false;
    this.lastFragment = 0;
    this.element = document.createElement('div');
    this.element.className = title ? 'log short' : 'log';
    this.bar = document.createElement('div');
    this.bar.className = 'log-bar';
    this.text = document.createElement('pre');
    this.text.tabIndex = 0;
    this.text.setAttribute('aria-label', `content of ${path}`);
    this.text.onscroll = () => this.scrolled();
    this.element.append(this.bar, this.text);
    this.draw();
    this.run();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }

  async run() {
    if (!document.hidden) {
      try {
        await this.refresh();
        this.problem = '';
      } catch (error) {
        this.problem = await this.meaning(error);
      }
      if (this.closed) return;
      this.draw();
    }
    this.timer = setTimeout(() => this.run(), this.problem ? 2 * pauseMs : pauseMs);
  }

  async meaning(error) {
    const why = await this.reader.why(error);
    return why === 'missing' ? 'no such file (yet)' : why === 'closed' ? 'the agent wants you to sign in: Download asks for it' : error.message;
  }

  // refresh reads what was added since the last time.
  async refresh() {
    this.size = await this.reader.size(this.path);
    if (!this.opened) {
      this.start = this.end = Math.max(0, this.size - firstBytes);
      this.opened = true;
    } else if (this.size < this.end) { // truncated
      this.text.replaceChildren();
      this.start = this.end = 0;
    }
    if (!this.follow && this.end > this.start) return;
    while (this.end < this.size && !this.closed) {
      const { text, length } = await this.piece(this.end, Math.min(pageBytes, this.size - this.end));
      if (this.closed) return;
      if (length === 0) break; // shorter by now
      this.end += length;
      this.text.append(text);
      this.trim();
    }
  }

  // piece reads text and how many bytes of the file that is: a character cut in
  // two at the end is left for the next piece.
  async piece(offset, wanted) {
    const text = await this.reader.read(this.path, offset, wanted);
    const whole = text.replace(/\uFFFD$/, '');
    const length = new TextEncoder().encode(whole).length;
    const cut = whole !== text && length >= wanted - 3 && length < wanted && offset !== this.lastFragment;
    if (!cut) return { text, length: text === '' ? 0 : wanted };
    this.lastFragment = offset + length; // if it is no better next time, it is shown as it is
    return { text: whole, length };
  }

  // trim forgets the oldest text, a piece at a time.
  trim() {
    while (this.follow && this.end - this.start > keepBytes && this.text.childNodes.length > 1) {
      const first = this.text.firstChild;
      this.start += new TextEncoder().encode(first.data).length;
      first.remove();
    }
  }

  async showEarlier() {
    const length = Math.min(pageBytes, this.start);
    try {
      const text = await this.reader.read(this.path, this.start - length, length);
      const fromEnd = this.text.scrollHeight - this.text.scrollTop;
      this.setFollow(false);
      this.start -= length;
      this.text.prepend(text);
      this.text.scrollTop = this.text.scrollHeight - fromEnd;
    } catch (error) {
      this.problem = error.message;
    }
    this.draw();
  }

  // scrolled stops following when somebody scrolls up to read, and goes on at the end.
  scrolled() {
    const atEnd = this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < 24;
    if (this.drawing || atEnd === this.follow) return;
    this.setFollow(atEnd);
    this.draw();
  }

  setFollow(on) {
    this.follow = on;
  }

  draw() {
    this.drawing = true;
    const shown = this.end - this.start;
    const where = !this.opened ? (this.problem ? '' : 'Reading…')
      : this.size === 0 ? 'Empty'
        : shown === this.size ? bytes(this.size) : `${bytes(shown)} of ${bytes(this.size)}`;
    render(this.bar,
      this.title ? h('h2', null, this.title) : null,
      h('span', { class: 'faint' }, where),
      this.problem ? h('span', { class: 'bad', role: 'status' }, this.problem) : null,
      h('span', { class: 'space' }),
      this.start > 0 ? h('button', { class: 'link', onclick: () => this.showEarlier() }, 'Show earlier') : null,
      this.toggle('Follow', this.follow, (on) => { this.setFollow(on); this.draw(); }),
      this.toggle('Wrap', this.wrap, (on) => { this.wrap = on; this.draw(); }),
      h('a', { href: this.reader.download(this.path) }, 'Download'));
    this.text.className = this.wrap ? 'wrap' : '';
    if (this.follow) this.text.scrollTop = this.text.scrollHeight;
    this.drawing = false;
  }

  toggle(label, on, change) {
    return h('button', { class: 'toggle', key: label, 'aria-pressed': String(on), onclick: () => change(!on) }, label);
  }
}
