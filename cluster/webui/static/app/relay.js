// Asks an agent for a page by JSONP: the agent is another origin and its answer a
// script. This frame has no origin of its own (sandbox), so the script reaches
// nothing but what it posts to the parent, and the parent takes that as data.
'use strict';

(() => {
  const timeoutMs = 10_000;

  function randomName() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return 'answer_' + Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  }

  function ask(id, url) {
    const name = randomName();
    const script = document.createElement('script');
    const finish = (answer) => {
      clearTimeout(timer);
      delete window[name];
      script.remove();
      // The policy lets only the web UI's own page be the parent.
      parent.postMessage({ id, ...answer }, '*');
    };
    const timer = setTimeout(() => {
      finish({ error: 'no answer within 10 s' });
      window[name] = () => {}; // an answer that comes too late
    }, timeoutMs);
    window[name] = (data) => finish({ data });
    script.onerror = () => finish({ error: 'refused or not reachable' });
    const target = new URL(url);
    target.searchParams.set('jsonp', name);
    script.src = target.href;
    document.documentElement.append(script);
  }

  window.addEventListener('message', (event) => {
    if (event.source === parent) ask(event.data.id, event.data.url);
  });
  parent.postMessage({ ready: true }, '*');
})();
