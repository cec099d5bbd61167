import { expect, test } from 'bun:test';
import { coverageReport, readCoverage } from './coverage';

const LCOV = `TN:
SF:src/low.ts
FNF:4
FNH:2
DA:1,1
LF:10
LH:9
end_of_record
TN:
SF:src/types.ts
FNF:0
FNH:0
LF:0
LH:0
end_of_record
`;

test('files under the threshold and files that no test loads are named', () => {
  expect(coverageReport(readCoverage(LCOV), ['src/low.ts', 'src/types.ts', 'src/main.ts'])).toEqual([
    'Coverage: 95.0 % of lines, 75.0 % of functions (mean of 2 files)',
    '  under 90 %: src/low.ts (90.0 % lines, 50.0 % functions)',
    '  not loaded by any test: src/main.ts',
  ]);
});
