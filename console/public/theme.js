// Runs before the first paint so that a chosen theme does not flash; the same key is written by src/state/theme.svelte.ts.
(function () {
  try {
    var theme = localStorage.getItem('carmic.theme');
    if (theme === 'light' || theme === 'dark') {
      document.documentElement.dataset.theme = theme;
    }
  } catch (error) {
    // Storage can be blocked; the system's theme is used then.
  }
})();
