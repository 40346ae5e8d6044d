/** Vitest reporter: counts by project, what passed only on its second attempt, and why what was skipped was skipped; written as JSON for scripts/test.mjs. */
import { writeFileSync } from 'node:fs';

export default class SummaryReporter {
  /** @param {{ file: string }} options */
  constructor({ file }) {
    this.file = file;
  }

  /** @param {readonly import('vitest/node').TestModule[]} modules @param {readonly unknown[]} unhandled */
  onTestRunEnd(modules, unhandled) {
    const projects = {};
    const skips = [];
    const failures = [];
    const flaky = [];
    for (const module of modules) {
      const counts = (projects[module.project.name] ??= { passed: 0, failed: 0, skipped: 0, ms: 0 });
      counts.ms += module.diagnostic().duration;
      for (const test of module.children.allTests()) {
        const result = test.result();
        counts[result.state === 'passed' || result.state === 'failed' ? result.state : 'skipped'] += 1;
        if (test.diagnostic()?.flaky === true) {
          flaky.push(test.fullName);
        }
        if (result.state === 'failed') {
          failures.push(test.fullName);
        } else if (result.state !== 'passed') {
          skips.push({ test: test.fullName, reason: (result.note ?? 'no reason given').replace(/^skipped: /, '') });
        }
      }
      // A file that cannot be loaded, or whose set-up fails, runs none of its tests: that counts as a failure.
      const broken = module.errors().length > 0 || suitesOf(module).some((suite) => suite.errors().length > 0);
      if (broken) {
        counts.failed += 1;
        failures.push(module.relativeModuleId);
      }
    }
    writeFileSync(this.file, JSON.stringify({ projects, skips, failures, flaky, unhandled: unhandled.length }));
  }
}

function suitesOf(module) {
  return [...module.children.allSuites()];
}
