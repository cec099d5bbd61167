import { afterAll, expect, test } from 'bun:test';
import { browser } from '../support/browser';
import { type Doors, startDoors } from '../support/doors';

const chromium = await browser();
const promise = chromium ? test : test.skip;
const doors: Doors = startDoors();
afterAll(() => doors.stop());

promise(
  'the documents read and try in Chromium under their own policy: nothing of the page is refused',
  async () => {
    const page = await (chromium as NonNullable<typeof chromium>).newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(new URL(request.url()).origin));
    await page.goto(`${doors.url}/docs`);
    await page.locator('#operations-Things-things-list button.opblock-summary-control').click();
    await page.locator('button.try-out__btn').click();
    await page.locator('button.execute').click();
    await page.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    expect(complaints).toEqual([]);
    expect([...new Set(requests)].filter((origin) => origin !== 'null')).toEqual([doors.url]);

    // and the policy is in force: what a stranger had written into the page would not run
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      return 'injected' in window;
    });
    expect(ran).toBe(false);
    expect(complaints.join()).toContain('Content Security Policy');
    await page.close();
  },
  60_000,
);
