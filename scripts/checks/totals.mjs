// How many tests passed, from what the runners say.

/** Sums the lines with which `cargo test` ends each test program and each crate's examples in documentation. */
export function cargoTotals(output) {
  const totals = none();
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    totals.passed += Number(passed);
    totals.failed += Number(failed);
    totals.skipped += Number(ignored);
  }
  return totals;
}

/** Of vitest's JSON report. A file that could not be loaded has no tests, but is a failure. */
export function vitestTotals(report) {
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Of the conformance cases: the last line says it. Without one they did not run to their end, which is a failure. */
export function conformanceTotals(output) {
  const last = output.trimEnd().split('\n').at(-1);
  const [, passed, failed, skipped] = last.match(/^(\d+) passed, (\d+) failed, (\d+) skipped$/) ?? [];
  if (passed === undefined) return { ...none(), failed: 1 };
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

export function none() {
  return { passed: 0, failed: 0, skipped: 0 };
}

export function sum(list) {
  return list.reduce(
    (all, one) => ({
      passed: all.passed + one.passed,
      failed: all.failed + one.failed,
      skipped: all.skipped + one.skipped,
    }),
    none(),
  );
}

export function inWords({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
