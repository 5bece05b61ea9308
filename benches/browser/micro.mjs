// What Playwright takes for a click and a read, for noticing a change, and for a fresh page.
// Prints one JSON object; milliseconds.
import { chromium, expect } from '@playwright/test';

const { BENCH_TARGET, BENCH_CHROMIUM, BENCH_FLAGS } = process.env;
const { clicks, late, pages } = JSON.parse(process.env.BENCH_AMOUNTS);
const browser = await chromium.launch({
  executablePath: BENCH_CHROMIUM,
  args: BENCH_FLAGS.split(' '),
});
const result = { click: [], late: [], page: [] };

for (let n = 0; n < pages; n += 1) {
  const began = performance.now();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(BENCH_TARGET);
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
  result.page.push(performance.now() - began);
  await context.close();
}

const page = await (await browser.newContext()).newPage();
await page.goto(`${BENCH_TARGET}/counter`);
for (let n = 1; n <= clicks; n += 1) {
  const began = performance.now();
  await page.getByRole('button', { name: 'Count' }).click();
  const text = await page.locator('#count').textContent();
  result.click.push(performance.now() - began);
  if (text !== String(n)) throw new Error(`the count is ${text}, not ${n}`);
}

for (const after of late) {
  await page.goto(`${BENCH_TARGET}/later?after=${after}`);
  await expect(page.locator('#state')).toHaveText('done', { timeout: 10000 });
  const noticed = performance.timeOrigin + performance.now();
  result.late.push(noticed - (await page.evaluate(() => window.changed)));
}
await browser.close();
console.log(JSON.stringify(result));
