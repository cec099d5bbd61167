import { describe, expect, test } from 'bun:test';
import { partOf, readReport } from './test-report';

const CASE = (name: string, content = '') =>
  `<testcase name="${name}" classname="" time="0.1" file="x">${content}</testcase>`;
const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="5" assertions="1" failures="1" skipped="2" time="9">
  <testsuite name="tests/api/a.test.ts" file="tests/api/a.test.ts" tests="3" failures="1" skipped="1" time="2.5">
    <testsuite name="group" file="tests/api/a.test.ts" tests="2" failures="1" skipped="0" time="1.5">
      ${CASE('a')}
      ${CASE('b', '<failure type="AssertionError" message="no" />')}
    </testsuite>
    ${CASE('c &lt;1&gt;', '<skipped />')}
  </testsuite>
  <testsuite name="empty" file="src/empty.test.ts" tests="0" failures="0" skipped="0" time="0" />
  <testsuite name="src/b.test.ts" file="src/b.test.ts" tests="2" failures="0" skipped="1" time="0.5">
    <testcase name="d" classname="" time="0.1" file="src/b.test.ts" />
    <testcase name="e" classname="" time="0" file="src/b.test.ts"><skipped message="TODO" /></testcase>
  </testsuite>
</testsuites>`;

describe('the report of a test run', () => {
  test('counts what passed, failed and was skipped', () => {
    const { passed, failed, skipped } = readReport(REPORT);
    expect([passed, failed]).toEqual([2, 1]);
    expect(skipped).toEqual([
      { file: 'x', name: 'c <1>' },
      { file: 'src/b.test.ts', name: 'e' },
    ]);
  });

  test('tells of each failure where it was and what the runner said', () => {
    const text = '<failure type="Error" message="x &amp; y">Error: x &amp; y&#10;  at a.ts:1&#10;</failure>';
    expect(readReport(REPORT).failures).toEqual([{ file: 'x', name: 'b', says: 'no' }]);
    const [failure] = readReport(REPORT.replace('<failure type="AssertionError" message="no" />', text)).failures;
    expect(failure?.says).toBe('Error: x & y\n  at a.ts:1');
  });

  test('gives each part its files’ time, without counting a describe twice', () => {
    expect(readReport(REPORT).parts).toEqual([
      { name: 'api', tests: 3, seconds: 2.5 },
      { name: 'unit', tests: 2, seconds: 0.5 },
    ]);
  });

  test('names the files that take longest', () => {
    const { slowest } = readReport(
      REPORT.replace('tests="2" failures="0" skipped="1" time="0.5"', 'tests="2" time="3"'),
    );
    expect(slowest.slice(0, 2)).toEqual([
      { name: 'src/b.test.ts', seconds: 3 },
      { name: 'tests/api/a.test.ts', seconds: 2.5 },
    ]);
  });

  test('is refused when it lists other tests than it announces', () => {
    expect(() => readReport(REPORT.replace('tests="5"', 'tests="6"'))).toThrow('announces 6');
    expect(() => readReport('bun: killed')).toThrow('not a JUnit report');
  });

  test('knows a part by the folder of its file', () => {
    expect(partOf('tests/contracts/disk.test.ts')).toBe('contracts');
    expect(partOf('src/modules/products/domain/lifecycle.test.ts')).toBe('unit');
  });
});
