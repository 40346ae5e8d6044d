// Runs before the first paint. A chosen theme does not flash: the same key is written by src/state/theme.svelte.ts. And what the program will ask
// for first is asked for at once, so that it travels while the program does: the words of the reader's language (the same choice as in
// src/state/language.svelte.ts), and the first answers of the server, which src/api/firstAnswers.ts hands over.
(function () {
  var read = function (key) {
    try {
      return localStorage.getItem(key);
    } catch (error) {
      // Storage can be blocked: the system's theme and the browser's language are used then.
      return null;
    }
  };

  var theme = read('carmic.theme');
  if (theme === 'light' || theme === 'dark') {
    document.documentElement.dataset.theme = theme;
  }

  var files = document.currentScript.dataset;
  var wanted = [read('carmic.language')]
    .concat(navigator.languages || [])
    .map(function (tag) {
      return tag === null ? '' : tag.split('-')[0].toLowerCase();
    })
    .concat('en');
  var language = wanted.find(function (name) {
    return name === 'en' || name === 'de';
  });
  (files[language] || '').split(' ').forEach(function (href) {
    if (href !== '') {
      var link = document.createElement('link');
      link.rel = 'modulepreload';
      link.crossOrigin = '';
      link.href = href;
      document.head.append(link);
    }
  });

  var answers = new Map();
  var ask = function (path) {
    var answer = fetch(path, { headers: { accept: 'application/json' }, credentials: 'same-origin' });
    answers.set(path, answer);
    // Whoever takes it hears of its failure.
    answer.catch(function () {
      return undefined;
    });
  };
  ask('/api/v1/instance');
  if (read('carmic.signed-in') !== null) {
    ask('/api/v1/me');
    if (/^#?\/?$/.test(location.hash)) {
      ask('/api/v1/videos?limit=24');
      ask('/api/v1/video-labels');
    }
  }
  window.carmicFirstAnswers = { answers, askedAt: Date.now() };
})();
