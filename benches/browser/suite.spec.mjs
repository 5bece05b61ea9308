// The same suite as suite.yaml: twenty tests, a fresh context each.
import { expect, test } from '@playwright/test';

for (let n = 1; n <= 20; n += 1) {
  test(`adds an item ${n}`, async ({ page }) => {
    await page.goto('/');
    await page.getByLabel('User').fill(`user${n}`);
    await page.getByLabel('Password').fill('secret');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { name: 'Items' })).toBeVisible();
    await expect(page.getByRole('listitem')).toHaveCount(1);
    await page.getByLabel('New item').fill('bread');
    await page.getByRole('button', { name: 'Add' }).click();
    await expect(page.getByRole('status')).toHaveText('2 items');
    await expect(page.getByRole('listitem')).toHaveText(['milk', 'bread']);
    await expect(page).toHaveURL(/\/items$/);
  });
}
