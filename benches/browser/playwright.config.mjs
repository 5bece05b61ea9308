import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  testMatch: 'suite.spec.mjs',
  fullyParallel: true,
  reporter: 'line',
  workers: Number(process.env.BENCH_WORKERS),
  use: {
    baseURL: process.env.BENCH_TARGET,
    trace: process.env.BENCH_TRACE || 'off',
    launchOptions: {
      executablePath: process.env.BENCH_CHROMIUM,
      args: process.env.BENCH_FLAGS.split(' '),
    },
  },
});
