import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Trend } from 'k6/metrics';
import { helper } from './helper.js';

const BASE = __ENV.BASE_URL || 'http://localhost:8080';
const waits = new Trend('waits');
const JSON_HEADERS = { headers: { 'Content-Type': 'application/json' } };

export const options = {
  stages: [
    { duration: '5s', target: 5 },
    { duration: '10s', target: 5 },
  ],
  thresholds: {
    http_req_duration: ['p(95)<500', { threshold: 'p(99)<1500', abortOnFail: true }],
    'http_req_duration{name:search}': ['p(95)<400'],
    'http_req_failed{expected_response:true}': ['rate<0.01'],
    waits: ['avg<200'],
  },
  discardResponseBodies: false,
};

function signIn(email) {
  const res = http.post(
    `${BASE}/api/v1/auth/login`,
    JSON.stringify({ email: email, password: 'TestPassword123!' }),
    JSON_HEADERS,
  );
  check(res, {
    'signed in': (r) => r.status === 200,
    'has a token': (r) => r.json('data.token') !== undefined,
  });
  return res.json('data.token');
}

export function setup() {
  const res = http.post(`${BASE}/api/v1/auth/login`, JSON.stringify({
    email: 'user1@test.com', password: 'TestPassword123!',
  }));
  check(res, { 'status is 2xx': (r) => r.status >= 200 && r.status < 300 });
  return { token: res.json('data.token') };
}

export default function (data) {
  group('catalogue', () => {
    const found = http.get(`${BASE}/api/v1/products?search=apple&limit=5`, {
      tags: { name: 'search', area: 'catalogue' },
    });
    check(found, {
      'is ok': (r) => r.status === 200,
      'is fast': (r) => r.timings.duration < 2000,
      'has products': (r) => r.json('data').length > 0,
      'has a price': (r) => r.json().data[0].price > 0 && r.body.includes('apple') === false,
    });
    const first = found.json('data.0.id');
    sleep(Math.random() * 0.2 + 0.1);
    const one = http.get(`${BASE}/api/v1/products/${first}`);
    check(one, { 'is the same': (r) => r.json('data.id') === first });
    waits.add(one.timings.waiting);
  });
  const cart = http.get(`${BASE}/api/v1/cart`, {
    headers: { Authorization: `Bearer ${data.token}` },
    timeout: '5s',
  });
  check(cart, { 'has a cart': (r) => r.status === 200 && Array.isArray(r.json('data.items')) });
  if (cart.status !== 200) {
    http.get(`${BASE}/api/v1/auth/me`);
  }
  for (let i = 0; i < 3; i++) {
    http.get(`${BASE}/api/v1/products?page=${i}`);
  }
  sleep(1);
}
